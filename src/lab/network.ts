import type Docker from "dockerode";
import { labelsOf } from "./labels.ts";

/** Makes a lab's network. It is internal: nothing in the lab can reach, or be reached from, anywhere else. */
export async function createLabNetwork(docker: Docker, run: string, name: string): Promise<void> {
  await docker.createNetwork({
    Name: name,
    Driver: "bridge",
    Internal: true,
    Labels: labelsOf(run),
  });
}
