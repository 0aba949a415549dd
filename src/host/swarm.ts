import type Docker from "dockerode";
import { messageOf } from "../model/failure.ts";
import { until } from "../until.ts";

/** Makes a swarm of one node. It talks to nobody: it advertises itself on loopback. */
export async function initSwarm(docker: Docker): Promise<void> {
  await docker.swarmInit({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" });
}

/**
 * Waits until the swarm's only node takes tasks again. Its manager, and an engine that is coming back, may refuse to
 * answer until then.
 */
export async function nodeReady(docker: Docker, timeoutMs: number): Promise<void> {
  await until("the swarm's node is ready", timeoutMs, async () => {
    try {
      const [node] = await docker.listNodes();
      return node?.Status?.State === "ready" ? true : `node ${node?.Status?.State ?? "unknown"}`;
    } catch (thrown) {
      return messageOf(thrown);
    }
  });
}
