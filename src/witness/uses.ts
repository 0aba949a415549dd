import type Docker from "dockerode";
import * as z from "zod";
import type { Body } from "../model/evidence.ts";

const spec = z.object({
  Name: z.string(),
  TaskTemplate: z.object({ ContainerSpec: z.object({ Image: z.string() }).optional() }),
});
const service = z.object({ Spec: spec, PreviousSpec: spec.optional() });

/** What uses images on the host: containers in any state, and the specs and previous specs of services. */
export async function uses(docker: Docker): Promise<Body<"uses">> {
  const [containers, services] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listServices(),
  ]);
  return {
    containers: containers
      .map(({ Names, State, ImageID }) => ({ name: Names[0] ?? "", state: State, imageId: ImageID }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    services: services
      .map((found) => service.parse(found))
      .map(({ Spec, PreviousSpec }) => ({
        name: Spec.Name,
        image: Spec.TaskTemplate.ContainerSpec?.Image ?? "",
        previousImage: PreviousSpec?.TaskTemplate.ContainerSpec?.Image ?? null,
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}
