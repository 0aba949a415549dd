import { get } from "node:http";
import { json } from "node:stream/consumers";
import * as z from "zod";

const engineInfo = z.object({ Swarm: z.object({ ControlAvailable: z.boolean() }) });

/** Whether the engine behind a unix socket manages a swarm. An engine that does not say so in time does not. */
export async function managesSwarm(socketPath: string, patienceMs: number): Promise<boolean> {
  try {
    const info = await infoOf(socketPath, AbortSignal.timeout(patienceMs));
    return engineInfo.parse(info).Swarm.ControlAvailable;
  } catch {
    // No engine, none that this user may ask, none that answers: whoever asks only wants to give a hint.
    return false;
  }
}

function infoOf(socketPath: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path: "/info", signal }, (response) => json(response).then(resolve, reject)).on(
      "error",
      reject,
    );
  });
}
