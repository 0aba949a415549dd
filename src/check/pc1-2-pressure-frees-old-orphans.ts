import type { EntryOf, StoredImage } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { highWaterMark, lowWaterMark, oldAfterDays, share, usedShare } from "../model/pressure.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, endOf, type History, type StepHistory, sequence, stepsThat } from "./history.ts";
import { cameBack, isBaseOf, type Standing, standings, unprepared } from "./orphans.ts";
import { loss, nameOf } from "./store.ts";
import { count, formatShare, list } from "./units.ts";

/** Files take whole blocks, and a layer has folders of its own. */
const roundingUp = 1.1;

type Prune = StepHistory<Extract<Step, { do: "prune" }>>;

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

/** What was to be judged by and is not there. */
export function unpreparedFindings(history: History): Finding[] {
  return unprepared(history).map((step) =>
    inconclusive(
      `${endOf(step)}, so what it was to show was never tried`,
      sequence(step.invoke, step.outcome),
      "look at the outcome of that step, and run again",
    ),
  );
}

/** Whether at least the high-water mark was reached right before a step, as far as that was seen. */
export function isUnderPressure({ before }: StepHistory): boolean {
  return before.disk !== undefined && usedShare(before.disk.data) >= highWaterMark;
}

/** Runs of the same id are made on several hosts. */
export const nameOfRun = ({ plan, host }: StepHistory): string =>
  host === null ? plan.id : `${plan.id} on ${host}`;

function judge(history: History, step: Prune): Finding & { freed: boolean } {
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
