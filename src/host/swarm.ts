import type Docker from "dockerode";
import { until } from "../until.ts";

/** Makes a swarm of one node. It talks to nobody: it advertises itself on loopback. */
export async function initSwarm(docker: Docker): Promise<void> {
  await docker.swarmInit({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" });
}

/** Waits until the swarm's only node takes tasks again; the manager of a swarm may refuse to answer until then. */
export async function nodeReady(docker: Docker, timeoutMs: number): Promise<void> {
  await until("the swarm's node is ready", timeoutMs, async () => {
    const [node] = await docker.listNodes();
    return node?.Status?.State === "ready" ? true : `node ${node?.Status?.State ?? "unknown"}`;
  });
}
