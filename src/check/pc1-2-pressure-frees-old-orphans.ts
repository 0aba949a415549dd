import type { StoredImage } from "../model/evidence.ts";
import { highWaterMark, lowWaterMark, oldAfterDays, share, usedShare } from "../model/pressure.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, endOf, type History, type StepHistory, sequence, stepsThat } from "./history.ts";
import { isBaseOf, type Standing, standings } from "./orphans.ts";
import {
  cameBack,
  isUnderPressure,
  nameOfRun,
  type PruneRun,
  removed,
  unpreparedFindings,
  wronglyRemoved,
} from "./prune-runs.ts";
import { nameOf } from "./store.ts";
import { count, formatShare, list } from "./units.ts";

/** Files take whole blocks, and a layer has folders of its own. */
const roundingUp = 1.1;

/** By which `pullproof prune` says that what is protected keeps the disk above the low-water mark (docs/exit-codes.md). */
const insufficient = 1;

const remedy =
  "prune with the reference policy, which frees old orphans only, oldest use first, down to the low-water mark";

/** PC1.2. What was removed is judged by the store before and after, how far by statfs. */
export const pressureFreesOldOrphans: Checker = {
  id: "PC1.2",
  expected: `every prune run at rest with at least ${formatShare(highWaterMark)} of the disk in use removes only orphaned images without use for ${oldAfterDays} days, oldest use first, until less than ${formatShare(lowWaterMark)} is in use, and no further; where those do not suffice, it says so by exit code ${insufficient}`,
  check: (history) => {
    const steps = stepsThat(history, "prune")
      .filter(({ plan }) => plan.during === null || plan.during === "second-prune")
      .filter((step) => step.before.disk === undefined || isUnderPressure(step));
    const judged = steps.map((step) => ({ host: step.host, ...judge(history, step) }));
    const idle = [...new Set(stepsThat(history, "prune").map(({ host }) => host))].filter(
      (host) => !judged.some((one) => one.host === host && one.freed),
    );
    const freed = judged.filter((one) => one.freed).length;
    return compose(
      [
        ...judged.map(({ verdict, found, evidence, remedy }) => ({ verdict, found, evidence, remedy })),
        ...idle.map((host) =>
          inconclusive(
            `no prune run under disk pressure on ${host} had enough old orphans to remove`,
            [],
            "leave the scenarios of this claim in the run",
          ),
        ),
        ...unpreparedFindings(history),
      ],
      "no prune run was made under disk pressure",
      () =>
        `${count(freed, "prune run")} under disk pressure removed nothing but old orphans, oldest use first, down to the low-water mark; ${count(judged.length - freed, "more run")} said that old orphans do not suffice`,
    );
  },
};

function judge(history: History, step: PruneRun): Finding & { freed: boolean } {
  const { before, after, outcome } = step;
  const name = nameOfRun(step);
  const evidence = sequence(
    step.invoke,
    before.images,
    before.uses,
    before.disk,
    step.activity,
    outcome,
    after.images,
    after.disk,
  );
  const found = (finding: Finding, freed = false) => ({ ...finding, freed });
  if (before.disk === undefined)
    return found(inconclusive(`how full the disk was before ${name} is unknown`, evidence, lookAgain));
  if (step.plan.during === "second-prune" && step.activity?.data.before !== true)
    return found(inconclusive(`no second prune run was seen beside ${name}`, evidence, lookAgain));
  const known = standings(history, step);
  if (known === null || before.images === undefined || after.images === undefined || after.disk === undefined)
    return found(
      inconclusive(
        `the image store, what uses it and the disk were not all seen around ${name}`,
        evidence,
        lookAgain,
      ),
    );
  const wrong = wronglyRemoved(known, before.images, after.images);
  if (wrong.length > 0) return found(fail(`${name} removed ${list(wrong)}`, evidence, remedy));
  const back = cameBack(step).map(nameOf);
  if (back.length > 0)
    return found(fail(`${name} removed ${list(back)}, and something pulled that again`, evidence, remedy));
  const gone = removed(known, after.images);
  const left = known.filter((standing) => standing.keptBy === null && !gone.includes(standing));
  const early = gone.find((one) => left.some((other) => goesBefore(other, one)));
  if (early !== undefined)
    return found(
      fail(
        `${name} removed ${nameOf(early.image)} before what was used longer ago: ${list(left.filter((other) => goesBefore(other, early)).map(({ image }) => nameOf(image)))}`,
        evidence,
        remedy,
      ),
    );
  if (
    gone.some((one) => left.some((other) => one.dangling === other.dangling && one.lastUse === other.lastUse))
  )
    return found(
      inconclusive(`which of the old orphans was used last before ${name} is not known`, evidence, lookAgain),
    );
  const inUse = usedShare(after.disk.data);
  const marks = `${formatShare(inUse)} of the disk is in use after ${name}, the low-water mark is ${formatShare(lowWaterMark)}`;
  if (inUse < lowWaterMark) {
    if (gone.length === 0)
      return found(inconclusive(`${marks}, although it removed nothing`, evidence, lookAgain));
    if (tooFar(history, step, gone)) return found(fail(`${name} freed too much: ${marks}`, evidence, remedy));
    return found(pass(`${name} removed ${count(gone.length, "old orphan")}`, evidence), true);
  }
  if (left.length > 0)
    return found(
      fail(
        `${marks}, and it left ${count(left.length, "old orphan")} (${list(left.map(({ image }) => nameOf(image)))})`,
        evidence,
        remedy,
      ),
    );
  if (endedOk(step))
    return found(fail(`${marks}, and it does not say that it could not free more`, evidence, remedy));
  if (outcome?.data.exitCode !== insufficient) return found(inconclusive(endOf(step), evidence, remedy));
  return found(pass(`${name} said that old orphans do not suffice`, evidence));
}

/** Left-overs of builds go first, then the oldest use. */
function goesBefore(one: Standing, other: Standing): boolean {
  return one.dangling === other.dangling ? one.lastUse < other.lastUse : one.dangling;
}

/** Whether bytes and inodes were both below the low-water mark without the last image that went. */
function tooFar(history: History, { host, before, after }: StepHistory, gone: readonly Standing[]): boolean {
  const [was, is] = [before.disk?.data, after.disk?.data];
  if (was === undefined || is === undefined) return false;
  const last = gone.reduce((latest, one) => (goesBefore(latest, one) ? one : latest)).image;
  const { imageStore } = history.environments.find((found) => found.host === host)?.data.engine ?? {};
  const bytes = ownBytes(last, after.images?.data.images ?? [], imageStore === "containerd");
  // How many inodes one image has is not told; twice what they had on average is more than most have.
  const inodes = (2 * (was.usedInodes - is.usedInodes)) / gone.length;
  const enough = (used: number, more: number, wasUsed: number, total: number) =>
    share(wasUsed, total) < lowWaterMark || used + more < lowWaterMark * total;
  return (
    enough(is.usedBytes, bytes, was.usedBytes, is.totalBytes) &&
    enough(is.usedInodes, inodes, was.usedInodes, is.totalInodes)
  );
}

/** Bytes on disk that an image had of its own, estimated from above. */
function ownBytes(image: StoredImage, stayed: readonly StoredImage[], containerd: boolean): number {
  const bases = stayed.filter((other) => isBaseOf(other, image));
  const own = image.bytes - Math.max(0, ...bases.map(({ bytes }) => bytes));
  // The containerd store keeps a layer twice, packed and unpacked, and counts it once.
  return own * (containerd ? 2 : 1) * roundingUp;
}
