import { stat } from "node:fs/promises";
import { messageOf } from "../model/failure.ts";
import { parseReference } from "../model/reference.ts";
import type { LocalEngine } from "./engine.ts";
import { tagKey } from "./images.ts";
import type { HostState, UseEvent, UseRecord } from "./model.ts";
import { fold, freshRecord, type Resolution } from "./record.ts";
import { linesOf, openEvents, useIn } from "./use-events.ts";

/** How many events an engine remembers (moby: daemon/events/events.go, eventsLimit). */
const engineRemembers = 256;

/** A record that was brought up to date. */
export interface CaughtUp {
  record: UseRecord;
  /** Why uses may have been missed, so that every age counts from now; null when none was. */
  gap: string | null;
}

/**
 * Brings the record of use up to date with a host that was looked at just now: with the events that the engine
 * still remembers, and with what is there. None was missed only if the engine has been running since the record
 * was last written, and remembers every event since then.
 */
export async function catchUp(
  engine: LocalEngine,
  stored: UseRecord | null,
  state: HostState,
  now: number,
): Promise<CaughtUp> {
  const record = stored ?? freshRecord(engine.id, now);
  const observed = { state, now, resolved: resolvedByNames(state, record, now) };
  if (stored === null) {
    return {
      record: fold(record, { ...observed, events: [], gap: false }),
      gap: "there is no record of use yet",
    };
  }
  if (record.until > now) {
    return {
      record: fold(record, { ...observed, events: [], gap: true }),
      gap: `the clock went back behind ${isoTime(record.until)}, up to when uses are known`,
    };
  }
  const { events, gap } = await replay(engine, record.until, now);
  const missed = (await restarted(engine, record.until)) ?? gap;
  return { record: fold(record, { ...observed, events, gap: missed !== null }), gap: missed };
}

/** The uses that an engine remembers from a span of time. */
export interface Replayed {
  events: UseEvent[];
  /** Why there may have been more; null when there were not. */
  gap: string | null;
}

/** Asks the engine for its events from one moment to another that has passed. */
export async function replay({ docker }: LocalEngine, since: number, until: number): Promise<Replayed> {
  const events: UseEvent[] = [];
  let seen = 0;
  let unreadable: string | null = null;
  // Without a filter: an engine forgets an event for any other, so all have to be counted.
  for await (const line of linesOf(await openEvents(docker, since, until))) {
    seen += 1;
    try {
      const use = useIn(line);
      if (use !== null) events.push(use);
    } catch (thrown) {
      unreadable = `an event could not be read: ${messageOf(thrown)}`;
    }
  }
  const full = `the engine remembers ${engineRemembers} events, and there were more since ${isoTime(since)}`;
  return { events, gap: unreadable ?? (seen < engineRemembers ? null : full) };
}

/** Why the engine may have been another process at a time; null when it was this one. */
async function restarted({ pidFile }: LocalEngine, since: number): Promise<string | null> {
  try {
    const { mtimeMs } = await stat(pidFile);
    if (mtimeMs < since) return null;
    return `the engine was started at ${isoTime(mtimeMs)}, and nobody saw what went before`;
  } catch (thrown) {
    return `it cannot be told since when the engine has been running: ${messageOf(thrown)}`;
  }
}

/**
 * What the names of stored images tell: the containerd store of 26.1 keeps the digest that a tag resolved to beside
 * the tag. That was when the image came.
 */
export function resolvedByNames({ images }: HostState, record: UseRecord, now: number): Resolution[] {
  return images.flatMap(({ id, digests }) =>
    digests
      .map(parseReference)
      .flatMap((name) =>
        name.tag === null || name.digest === null
          ? []
          : [{ tag: tagKey(name), digest: name.digest, at: record.images[id]?.firstSeen ?? now }],
      ),
  );
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
