import * as z from "zod";
import type { StoredImage } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import { parseReference } from "../model/reference.ts";
import { ImageIndex, isDangling, tagKey } from "./images.ts";
import type { HostService, HostState, ImageUse, UseEvent, UseRecord } from "./model.ts";

const schema = z.strictObject({
  version: z.literal(1),
  engine: z.string(),
  since: z.number(),
  until: z.number(),
  images: z.record(z.string(), z.strictObject({ firstSeen: z.number(), lastUse: z.number() })),
  resolved: z.record(z.string(), z.strictObject({ digest: z.string(), at: z.number() })),
});

/** Reads the content of a state file. Throws an Error when it is no record of this version. */
export function parseRecord(text: string): UseRecord {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (thrown) {
    throw new Error(`it is not JSON: ${messageOf(thrown)}`, { cause: thrown });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw new Error(`it is not a record of use: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The record of an engine of which nothing is known: every age counts from this moment. */
export function freshRecord(engine: string, now: number): UseRecord {
  return { version: 1, engine, since: now, until: now, images: {}, resolved: {} };
}

/** To what digest a tag resolved, seen at a time. */
export interface Resolution {
  /** `repository:tag`, in any way to write it. */
  tag: string;
  digest: string;
  at: number;
}

/** What was seen of a host since the record was last brought up to date. */
export interface Observed {
  events: readonly UseEvent[];
  /** Resolutions that neither the events nor the services tell: those two are read here. */
  resolved: readonly Resolution[];
  /** A scan, as of `now`. */
  state: Pick<HostState, "images" | "containers" | "services">;
  now: number;
  /** Whether uses may have been missed. */
  gap: boolean;
}

/**
 * Brings a record up to date. An image that is new counts as used now, unless the events tell when it came; one that
 * is gone is forgotten. A clock that went back behind the record makes a gap: nobody knows how long ago anything was.
 */
export function fold(record: UseRecord, observed: Observed): UseRecord {
  const { state, now } = observed;
  const gap = observed.gap || record.until > now;
  const index = new ImageIndex(state.images);
  const used = uses(observed, (texts) => meant(texts, index));
  // An event that may be about another image does not tell when this one came.
  const came = gap ? new Map<string, number>() : uses(observed, (texts) => exactly(texts, index));
  const images = state.images.map(({ id }): [string, ImageUse] => {
    const first = came.get(id) ?? now;
    const { firstSeen, lastUse } = record.images[id] ?? { firstSeen: first, lastUse: first };
    return [
      id,
      {
        firstSeen: Math.min(firstSeen, now),
        lastUse: Math.min(Math.max(lastUse, used.get(id) ?? lastUse), now),
      },
    ];
  });
  return {
    ...record,
    since: gap ? now : record.since,
    until: now,
    images: Object.fromEntries(images),
    resolved: resolutions(record, observed),
  };
}

/** When each image was last used by what was observed; `find` tells which images some texts mean. */
function uses(
  { events, state, now }: Observed,
  find: (texts: readonly string[]) => readonly StoredImage[],
): Map<string, number> {
  const used = new Map<string, number>();
  const use = (texts: readonly string[], at: number) => {
    for (const { id } of find(texts)) used.set(id, Math.max(used.get(id) ?? at, at));
  };
  for (const { image, at } of events) use([image], at);
  for (const { imageId, image } of state.containers) use([imageId, image], now);
  for (const { image, previousImage } of state.services) {
    use([image], now);
    if (previousImage !== null) use([previousImage], now);
  }
  return used;
}

function exactly(texts: readonly string[], index: ImageIndex): readonly StoredImage[] {
  return texts.flatMap((text) => index.exact(text));
}

/**
 * The images that some texts mean. Where none fits exactly, a tag has moved since, or a digest was never stored:
 * each image of the repository may have been the one.
 */
function meant(texts: readonly string[], index: ImageIndex): readonly StoredImage[] {
  const exact = exactly(texts, index);
  return exact.length > 0 ? exact : texts.flatMap((text) => index.repository(text));
}

/**
 * The latest resolution of each tag. Two different ones of the same moment leave it unknown, and so does one from a
 * time that the clock went back behind.
 */
function resolutions(record: UseRecord, { events, resolved, state, now }: Observed): UseRecord["resolved"] {
  const seen = [
    ...Object.entries(record.resolved).flatMap(([tag, known]) => (known.at > now ? [] : { tag, ...known })),
    ...resolved,
    ...events.flatMap(({ image, at }) => resolutionIn(image, at)),
    ...state.services.flatMap(({ image }: HostService) => resolutionIn(image, now)),
  ];
  const latest = new Map<string, { digests: Set<string>; at: number }>();
  for (const { tag, digest, at } of seen) {
    const [key, moment] = [tagKey(parseReference(tag)), Math.min(at, now)];
    const known = latest.get(key);
    if (known === undefined || known.at < moment) latest.set(key, { digests: new Set([digest]), at: moment });
    else if (known.at === moment) known.digests.add(digest);
  }
  return Object.fromEntries(
    [...latest].flatMap(([key, { digests, at }]) => {
      const [digest, ...others] = digests;
      return digest === undefined || others.length > 0 ? [] : [[key, { digest, at }]];
    }),
  );
}

/** What `repository:tag@sha256:…` tells. */
function resolutionIn(image: string, at: number): Resolution[] {
  const reference = parseReference(image);
  return reference.tag === null || reference.digest === null
    ? []
    : [{ tag: tagKey(reference), digest: reference.digest, at }];
}

/**
 * Since when an image is unused for all that is known: its last use, or the end of the last gap, if later; without a
 * record, now. A build left-over is the exception: nothing can name it, so no gap can hide a use of it, and its age
 * counts from when it was first seen.
 */
export function lastUseOf(image: StoredImage, record: UseRecord, now: number): number {
  const use = record.images[image.id];
  if (use === undefined) return now;
  return Math.min(now, Math.max(use.lastUse, isDangling(image) ? use.firstSeen : record.since));
}

/**
 * The record as it would be if so many milliseconds had passed without anything happening: every time in it lies
 * further back, but for the one up to which it goes. With it, tests age images instead of waiting.
 */
export function timePasses(record: UseRecord, milliseconds: number): UseRecord {
  const earlier = (time: number) => time - milliseconds;
  return {
    ...record,
    since: earlier(record.since),
    images: Object.fromEntries(
      Object.entries(record.images).map(([id, { firstSeen, lastUse }]) => [
        id,
        { firstSeen: earlier(firstSeen), lastUse: earlier(lastUse) },
      ]),
    ),
    resolved: Object.fromEntries(
      Object.entries(record.resolved).map(([tag, { digest, at }]) => [tag, { digest, at: earlier(at) }]),
    ),
  };
}
