import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import * as z from "zod";
import type { Body } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";

const message = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
  timeNano: z.number(),
});

/** How long a sentinel may take to come back before it counts as lost. The engine delivers within milliseconds. */
const fenceMs = 5_000;

const sentinelPrefix = "pullproof-fence-";

/**
 * The engine's events about images. A fence tells whether the stream is still complete: the engine sends events
 * in order, so an event of our own that comes back proves that all before it have come.
 */
export class EventStream {
  readonly #docker: Docker;
  readonly #onEvent: (event: Body<"event">) => void;
  readonly #awaited = new Map<string, (seen: boolean) => void>();
  #stream: Readable | undefined;
  #fences = 0;
  #ended: string | null = "it was never opened";

  constructor(docker: Docker, onEvent: (event: Body<"event">) => void) {
    this.#docker = docker;
    this.#onEvent = onEvent;
  }

  /** Why nothing vouches for the stream any longer; null as long as it is whole. */
  get ended(): string | null {
    return this.#ended;
  }

  /** Opens the stream; events from now on are seen. */
  async open(): Promise<void> {
    const stream = (await this.#docker.getEvents({ filters: { type: ["image", "volume"] } })) as Readable;
    this.#stream = stream;
    this.#ended = null;
    void this.#read(stream);
  }

  async #read(stream: Readable): Promise<void> {
    let reason = "the engine closed it";
    try {
      for await (const line of createInterface({ input: stream })) this.#receive(line);
    } catch (thrown) {
      reason = messageOf(thrown);
    }
    // A stream that was opened since then is not the one that ended.
    if (this.#stream === stream) this.#end(reason);
  }

  /** Nothing vouches for the stream from here on, and nobody need wait for a sentinel any longer. */
  #end(reason: string): void {
    this.#ended ??= reason;
    for (const answer of this.#awaited.values()) answer(false);
  }

  /** Sends a sentinel event, the making of an empty volume, and waits until it comes back. */
  async fence(): Promise<Body<"fence">> {
    if (this.#ended !== null) return this.#refusal(this.#ended);
    this.#fences += 1;
    const name = `${sentinelPrefix}${process.pid}-${this.#fences}`;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#awaited.set(name, resolve);
    const timer = setTimeout(() => resolve(false), fenceMs);
    try {
      await this.#docker.createVolume({ Name: name });
      await this.#docker.getVolume(name).remove();
      const seen = await promise;
      // An event before the sentinel may have been lost while it was on its way.
      if (this.#ended !== null) return this.#refusal(this.#ended);
      return { seen, detail: seen ? `sentinel ${name} came back` : `sentinel ${name} was lost` };
    } finally {
      clearTimeout(timer);
      this.#awaited.delete(name);
    }
  }

  close(): void {
    this.#end("it was closed");
    this.#stream?.destroy();
  }

  #refusal(reason: string): Body<"fence"> {
    return { seen: false, detail: `the event stream ended: ${reason}` };
  }

  #receive(line: string): void {
    let event: z.infer<typeof message>;
    try {
      event = message.parse(JSON.parse(line));
    } catch {
      // What it said is lost, so no later fence may vouch for the stream.
      this.#end("it held an event that could not be read");
      return;
    }
    const { Type, Action, Actor, timeNano } = event;
    if (Type === "volume") {
      if (Action === "create") this.#awaited.get(Actor.ID)?.(true);
      return;
    }
    this.#onEvent({
      action: Action,
      imageId: Actor.ID,
      name: Actor.Attributes.name ?? null,
      wall: new Date(timeNano / 1e6).toISOString(),
    });
  }
}
