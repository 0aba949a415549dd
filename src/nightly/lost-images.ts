import { nameOf } from "../check/store.ts";
import type { StoredImage } from "../model/evidence.ts";
import type { Removal } from "../policy/removals.ts";
import type { RunSummary } from "./summary.ts";

/** What became of a live host's images between two runs, by best names. */
export interface Losses {
  /** Images that are gone, and nobody says why. */
  lost: string[];
  /** Images that the reference policy removed, each with its reason. */
  explained: string[];
}

/**
 * Compares the end of the last run on a live host with the beginning of tonight's. Null where there is nothing to
 * compare, because one of them is about no live host. `otherStore` is the one of the last run, where it was another,
 * in which every image has another ID; `unseen` says which of the two was not seen.
 */
export function lossesBetween(
  last: RunSummary,
  tonight: RunSummary,
  removals: readonly Removal[],
): Losses | { unseen: string } | { otherStore: string } | null {
  if (last.live === null || tonight.live === null) return null;
  if (last.live.store !== tonight.live.store) return { otherStore: last.live.store };
  const before = last.live.last;
  const now = tonight.live.first;
  if (before === null) return { unseen: `the images at the end of ${last.run}` };
  if (now === null) return { unseen: "the images at the beginning of tonight's run" };
  const there = new Set(now.map(({ id }) => id));
  const since = Date.parse(last.ended);
  const reasons = new Map(removals.filter(({ at }) => at >= since).map(({ id, reason }) => [id, reason]));
  const gone = before.filter(({ id }) => !there.has(id));
  return {
    lost: gone.filter(({ id }) => !reasons.has(id)).map(nameOf),
    explained: gone.flatMap((image) => explanation(image, reasons.get(image.id))),
  };
}

function explanation(image: StoredImage, reason: string | undefined): string[] {
  return reason === undefined ? [] : [`${nameOf(image)}: ${reason}`];
}
