import type { EntryOf, StoredImage } from "../model/evidence.ts";
import type { PruneStep, Step } from "../model/plan.ts";
import { highWaterMark, usedShare } from "../model/pressure.ts";
import { type Finding, inconclusive } from "./checker.ts";
import { endedOk, endOf, type History, type StepHistory, sequence } from "./history.ts";
import type { Standing } from "./orphans.ts";
import { loss, nameOf } from "./store.ts";

/** A prune run, as it was seen. */
export type PruneRun = StepHistory<PruneStep>;

/** Runs of the same id are made on several hosts. */
export const nameOfRun = ({ plan, host }: StepHistory): string =>
  host === null ? plan.id : `${plan.id} on ${host}`;

/** Whether at least the high-water mark was reached right before a step, as far as that was seen. */
export function isUnderPressure({ before }: StepHistory): boolean {
  return before.disk !== undefined && usedShare(before.disk.data) >= highWaterMark;
}

/**
 * What is gone and had to stay, each with the reason: images, and names of images that remain. Every removed name
 * counts that an old orphan did not carry.
 */
export function wronglyRemoved(
  known: readonly Standing[],
  before: EntryOf<"images">,
  after: EntryOf<"images">,
): string[] {
  const kept = removed(known, after).filter(({ keptBy }) => keptBy !== null);
  const lost = loss(before, after);
  const free = new Set(
    known.filter(({ keptBy }) => keptBy === null).flatMap(({ image }) => [...image.tags, ...image.digests]),
  );
  const named = new Set(kept.flatMap(({ image }) => [...image.tags, ...image.digests]));
  const names = [...lost.tags, ...lost.digests].filter((name) => !free.has(name) && !named.has(name));
  return [
    ...kept.map(({ image, keptBy }) => `${nameOf(image)} (${keptBy})`),
    ...names.map((name) => `the name ${name}`),
  ];
}

/** The images that the later store does not have. */
export function removed(known: readonly Standing[], after: EntryOf<"images">): Standing[] {
  const left = new Set(after.data.images.map(({ id }) => id));
  return known.filter(({ image }) => !left.has(image.id));
}

/**
 * Images that were removed during a step although they are there after it: something pulled them again before
 * anybody looked. Told by the engine's events.
 */
export function cameBack({ events, after }: StepHistory): StoredImage[] {
  const deleted = new Set(
    events.filter(({ data }) => data.action === "delete").map(({ data }) => data.imageId),
  );
  return after.images?.data.images.filter(({ id }) => deleted.has(id)) ?? [];
}

/** Kinds of steps that prepare what prune runs are judged by. */
const preparing: ReadonlySet<Step["do"]> = new Set([
  "pull",
  "pull-variant",
  "build",
  "create-container",
  "age",
  "fill",
  "deploy",
]);

/** One for each of those that did not end well: an image or a container that is not there shows nothing by staying. */
export function unpreparedFindings(history: History): Finding[] {
  return history.steps
    .filter((step) => preparing.has(step.plan.do) && !endedOk(step))
    .map((step) =>
      inconclusive(
        `${endOf(step)}, so what it was to show was never tried`,
        sequence(step.invoke, step.outcome),
        "look at the outcome of that step, and run again",
      ),
    );
}
