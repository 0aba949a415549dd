import { highWaterMark, usedShare } from "../model/pressure.ts";
import { shortDigest } from "../model/reference.ts";
import { layerTraffic, sizeOf } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, endOf, type History, merge, sequence, stepsThat } from "./history.ts";
import { isUnderPressure, type PruneRun } from "./prune-runs.ts";
import { loss, removalRemedy } from "./store.ts";
import { count, formatShare, list } from "./units.ts";

/** PC1.1. The store before and after decides; events support it. */
export const pruneRemovesNothing: Checker = {
  id: "PC1.1",
  expected: `every prune run with less than ${formatShare(highWaterMark)} of the disk's bytes and inodes in use leaves every image, tag and digest`,
  check: (history) =>
    compose(
      // Under pressure other claims judge what a prune run removes.
      stepsThat(history, "prune")
        .filter((step) => !isUnderPressure(step))
        .map((step) => judge(history, step)),
      "no prune run was made without disk pressure",
      (passes) =>
        passes.length === 1
          ? (passes[0]?.found ?? "")
          : `${count(passes.length, "prune run")} without disk pressure left every image`,
    ),
};

function judge(history: History, step: PruneRun): Finding {
  const { before, after, plan } = step;
  const removals = step.events.filter(({ data }) => data.action === "delete" || data.action === "untag");
  const evidence = sequence(step.invoke, before.images, before.disk, ...removals, step.outcome, after.images);
  const { title } = plan.policy;
  if (before.disk === undefined) {
    return inconclusive(`how full the disk was before ${plan.id} is unknown`, evidence, lookAgain);
  }
  const used = formatShare(usedShare(before.disk.data));
  if (before.images === undefined || after.images === undefined) {
    return inconclusive(`the image store was not seen on both sides of ${plan.id}`, evidence, lookAgain);
  }
  const gone = loss(before.images, after.images);
  if (gone.images.length > 0) {
    const what = `${gone.images.length} of ${count(before.images.data.images.length, "image")} (${list(gone.images)})`;
    return fail(`${title} removed ${what} with ${used} of the disk in use`, evidence, removalRemedy(plan));
  }
  const names = [...gone.tags, ...gone.digests];
  if (names.length > 0) {
    return fail(`${title} removed the names ${list(names.map(shortDigest))}`, evidence, removalRemedy(plan));
  }
  const traffic = layerTraffic(history, step);
  if (removals.length > 0 && traffic.agreed === "some") {
    return fail(
      `${title} removed images and pulled them again: ${sizeOf(traffic)}`,
      merge(evidence, traffic.evidence),
      removalRemedy(plan),
    );
  }
  if (removals.length > 0) {
    return inconclusive(
      `witnesses disagree about ${plan.id}: the store is as before, but there were ${count(removals.length, "removal event")}`,
      evidence,
      lookAgain,
    );
  }
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, "mend the prune command and run again");
  const events = step.fence?.data.seen === true ? "no removal event" : "the event stream was not complete";
  const kept = `${title} left all ${count(before.images.data.images.length, "image")} with ${used} of the disk in use (${events})`;
  return pass(kept, [...evidence, ...sequence(step.fence)]);
}
