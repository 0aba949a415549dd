import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import * as z from "zod";
import type { UseEvent } from "./model.ts";

const message = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  timeNano: z.number(),
});

/** Image events that show a use. The others, such as `untag`, `delete` and `prune`, show none. */
const imageUses = new Set(["pull", "tag", "load", "import", "push", "save"]);

/**
 * The use that an event shows, if it shows one: whatever happens to a container uses the image that it was made
 * from, named by the reference that it was made by. Throws an Error for a line that is no event.
 */
export function useIn(line: string): UseEvent | null {
  const { Type, Action, Actor, timeNano } = message.parse(JSON.parse(line));
  // Nanoseconds of today are more than a number can hold exactly.
  const at = Math.round(timeNano / 1e6);
  if (Type === "image") return imageUses.has(Action) ? { at, image: Actor.ID } : null;
  const image = Type === "container" ? Actor.Attributes?.image : undefined;
  return image === undefined ? null : { at, image };
}

/**
 * Opens the stream of the engine's events from a moment on, those that it remembers first; up to a second moment
 * where one is given, and else for as long as the engine lives.
 */
export async function openEvents(docker: Docker, since: number, until?: number): Promise<Readable> {
  // Seconds with a fraction: the engine reads its digits as nanoseconds.
  const span = { since: since / 1000, ...(until !== undefined && { until: until / 1000 }) };
  return (await docker.getEvents(span)) as Readable;
}

/** The events of a stream, each a line. Throws when the stream breaks off. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input: stream })) if (line !== "") yield line;
}
