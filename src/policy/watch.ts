import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Failure, messageOf } from "../model/failure.ts";
import { catchUp, type Replayed, resolvedByNames } from "./catch-up.ts";
import type { LocalEngine } from "./engine.ts";
import { Look } from "./look.ts";
import type { UseRecord } from "./model.ts";
import { fold } from "./record.ts";
import { readState, setAside, writeState } from "./state-file.ts";
import { linesOf, openEvents, useIn } from "./use-events.ts";

/** What a watch needs to know. */
export interface WatchOptions {
  open(): Promise<LocalEngine>;
  stateDir: string;
  now(): number;
  /** Tells an operator what goes on. */
  say(text: string): void;
}

/** What a watch that goes on needs to know beyond that. */
export interface FollowOptions extends WatchOptions {
  /** Milliseconds from one scan, and one writing of the state file, to the next, at most. */
  scanMs: number;
  /** Milliseconds until an engine that went away is tried again. */
  retryMs: number;
  /** Ends the watch. */
  signal: AbortSignal;
}

/**
 * Brings the state file up to date, once, and returns what it holds then. Throws a Failure when the engine or the
 * file cannot be used.
 */
export async function watchOnce(options: WatchOptions): Promise<UseRecord> {
  const engine = await options.open();
  return begin(engine, new Look(engine), options);
}

/**
 * Keeps the state file up to date until the signal aborts: events as they come, and a scan every `scanMs`, or
 * sooner where much happens. An engine that goes away is waited for. Throws a Failure when there is no engine at
 * the start, or when the file cannot be written.
 */
export async function watch(options: FollowOptions): Promise<void> {
  const { open, say, retryMs, signal } = options;
  let engine = await open();
  for (;;) {
    const lost = await follow(engine, options);
    if (lost === null) return;
    say(`the engine went away: ${lost}; waiting for it`);
    const back = await reopen(open, retryMs, signal);
    if (back === null) return;
    engine = back;
    say("the engine is back");
  }
}

async function reopen(
  open: () => Promise<LocalEngine>,
  retryMs: number,
  signal: AbortSignal,
): Promise<LocalEngine | null> {
  for (;;) {
    // An abort ends the wait early, and is no error.
    await wait(retryMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
    try {
      return await open();
    } catch {
      // It was said before that the engine is away.
    }
  }
}

/** Follows one life of the engine. Returns why that ended, or null when the watch was told to end. */
async function follow(engine: LocalEngine, options: FollowOptions): Promise<string | null> {
  const { now, scanMs, stateDir, signal, say } = options;
  const look = new Look(engine);
  let live: LiveUses | undefined;
  try {
    // Opened before anything is looked at, so that what happens meanwhile is in the stream.
    live = await LiveUses.open(engine, now());
    let record = await begin(engine, look, options);
    while (!signal.aborted) {
      await live.next(scanMs, signal);
      if (live.lost !== null) return live.lost;
      const moment = now();
      const { events, gap } = live.take();
      const state = await look.whole();
      // What a stream that has ended did not tell must not count as known.
      if (live.lost !== null) return live.lost;
      const why = record.until > moment ? "the clock went back" : gap;
      if (why !== null) say(missed(why));
      const resolved = resolvedByNames(state, record, moment);
      const known = Math.max(Math.min(record.until, moment), moment - lagMs);
      const folded = fold(record, { events, resolved, state, now: moment, gap: why !== null });
      record = { ...folded, until: known };
      await writeState(stateDir, record);
    }
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    // What was seen since the file was written is with the engine still, or else there is a gap: see catchUp.
    return messageOf(thrown);
  } finally {
    live?.close();
  }
}

const missed = (gap: string) => `uses may have been missed, so every age counts from now: ${gap}`;

/** Brings the state file up to date with what happened while nobody watched. */
async function begin(
  engine: LocalEngine,
  look: Look,
  { stateDir, now, say }: WatchOptions,
): Promise<UseRecord> {
  const { record: stored, problem } = await readState(stateDir, engine.id);
  const state = await look.whole();
  const moment = now();
  const { record, gap } = await catchUp(engine, stored, state, moment);
  if (problem !== null) say(`${problem}; it is kept as ${await setAside(stateDir, moment)}`);
  if (gap !== null) say(missed(gap));
  await writeState(stateDir, record);
  return record;
}

/**
 * How long an event may be on its way. Those of so many milliseconds before a scan are asked for again by whoever
 * catches up with the record.
 */
const lagMs = 1_000;

/**
 * How many events may come before the file is written out of turn. A prune takes the rest from what the engine
 * remembers, which is twice as many: else a busy host would have a gap whenever it is asked.
 */
const manyEvents = 128;

/** Uses as the engine's event stream tells them, until they are taken. */
class LiveUses {
  readonly #stream: Readable;
  #events = 0;
  #gap: string | null = null;
  /** Ends the wait of `next`. */
  #wake = () => {};
  /** When each image, as its events name it, was last used. */
  #pending = new Map<string, number>();
  /** Why nothing vouches for the stream any longer; null while it lives. */
  lost: string | null = null;

  private constructor(stream: Readable) {
    this.#stream = stream;
    void this.#read();
  }

  static async open({ docker }: LocalEngine, since: number): Promise<LiveUses> {
    return new LiveUses(await openEvents(docker, since));
  }

  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#stream)) {
        this.#receive(line);
        this.#events += 1;
        if (this.#events === manyEvents) this.#wake();
      }
      this.lost = "it closed the stream of events";
    } catch (thrown) {
      this.lost = messageOf(thrown);
    }
    this.#wake();
  }

  /** Waits until there is something to do: the stream has ended, many events have come, or the time is over. */
  async next(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.lost !== null || this.#events >= manyEvents || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    const wake = () => resolve();
    this.#wake = wake;
    signal.addEventListener("abort", wake);
    await promise;
    signal.removeEventListener("abort", wake);
    clearTimeout(timer);
  }

  #receive(line: string): void {
    try {
      const use = useIn(line);
      if (use !== null) this.#pending.set(use.image, Math.max(this.#pending.get(use.image) ?? 0, use.at));
    } catch (thrown) {
      this.#gap = `an event could not be read: ${messageOf(thrown)}`;
    }
  }

  /** The uses since this was last called, and why there may have been more. */
  take(): Replayed {
    const events = [...this.#pending].map(([image, at]) => ({ image, at }));
    const gap = this.#gap;
    this.#pending = new Map();
    this.#events = 0;
    this.#gap = null;
    return { events, gap };
  }

  close(): void {
    this.#stream.destroy();
  }
}
