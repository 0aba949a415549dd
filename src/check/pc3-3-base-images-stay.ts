import type { EntryOf } from "../model/evidence.ts";
import { highWaterMark, usedShare } from "../model/pressure.ts";
import { sameTag } from "../model/reference.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, type History, type StepHistory, sequence, stepBefore, stepsThat } from "./history.ts";
import { standings } from "./orphans.ts";
import { cameBack, unpreparedFindings, wronglyRemoved } from "./prune-runs.ts";
import { nameOf, removalRemedy } from "./store.ts";
import { count, formatBytes, formatShare, list } from "./units.ts";

/** Fewer rounds than these are no "repeated runs": of unchanged versions, and of changing ones. */
const fewestCycles = 3;
const fewestChanges = 20;

/** PC3.3. A lost base image is a failure after any number of cycles; growth is judged over all of them. */
export const baseImagesStay: Checker = {
  id: "PC3.3",
  expected: `every base image stays in the store; over at least ${fewestCycles} deploys and teardowns of unchanged versions the store does not grow; over at least ${fewestChanges} of changing versions, more than the disk has room for, prune runs keep less than ${formatShare(highWaterMark)} of it in use and remove nothing that is in use, pinned or fresh`,
  check: (history) => {
    const { baseImages, scenarios } = history.run.data;
    const hosts = [...new Set(history.steps.map(({ host }) => host))];
    const changing = scenarios
      .filter(({ steps }) =>
        steps.some((step) => step.do === "deploy" && Object.keys(step.images).length > 0),
      )
      .map(({ id }) => id);
    const changed = history.steps.filter(({ scenario }) => changing.includes(scenario));
    const unchanged = history.steps.filter(({ scenario }) => !changing.includes(scenario));
    return compose(
      [
        ...(baseImages.length === 0 ? [noBase] : []),
        ...hosts.flatMap((host) =>
          baseImages.map((name) =>
            stays(
              history.steps.filter((step) => step.host === host),
              name,
            ),
          ),
        ),
        ...byHost(unchanged).flatMap((steps) => {
          const part = { ...history, steps };
          return [cycles(part), growth(part)];
        }),
        ...byHost(changed).flatMap((steps) => bounded({ ...history, steps })),
        ...(unchanged.length === 0 ? [noRepeat] : []),
        ...(changed.length === 0 ? [noChange] : []),
        ...unpreparedFindings({ ...history, steps: changed }),
      ],
      "no scenario shows repeated deploys",
      (passes) => [...new Set(passes.map(({ found }) => found))].join("; "),
    );
  },
};

const noBase = inconclusive("no base image is named", [], "name the base images that must stay");
const noRepeat = inconclusive(
  "no unchanged versions were deployed again and again",
  [],
  "leave the scenarios of this claim in the run",
);
const noChange = inconclusive(
  "no changing versions were deployed",
  [],
  "leave the scenarios of this claim in the run",
);

function byHost(steps: readonly StepHistory[]): StepHistory[][] {
  return [...Map.groupBy(steps, ({ host }) => host).values()];
}

/** A base image, once seen, must be there at every later boundary of its host, under its name and with its ID. */
function stays(steps: readonly StepHistory[], name: string): Finding {
  // What the first step finds, an earlier scenario may have brought.
  let id = idOf(steps[0]?.before.images, name);
  for (const step of steps) {
    const { images } = step.after;
    if (images !== undefined && id !== undefined && idOf(images, name) !== id)
      return fail(
        `the base image ${name} was evicted in ${step.plan.id}`,
        sequence(step.before.images, step.invoke, images),
        removalRemedy(step.plan),
      );
    if (cameBack(step).some((image) => image.id === id))
      return fail(
        `the base image ${name} was removed in ${step.plan.id}, and something pulled it again`,
        sequence(step.invoke, ...step.events),
        removalRemedy(step.plan),
      );
    id ??= idOf(images, name);
  }
  const evidence = sequence(...steps.map((step) => step.after.images));
  const blind = steps.find((step) => step.after.images === undefined);
  if (blind !== undefined)
    return inconclusive(`the image store was not seen after ${blind.plan.id}`, evidence, lookAgain);
  if (id === undefined)
    return inconclusive(
      `the base image ${name} was never in the store`,
      evidence,
      "pull the base image before the chain",
    );
  return pass(`the base image ${name} stayed`, evidence);
}

function idOf(images: EntryOf<"images"> | undefined, name: string): string | undefined {
  return images?.data.images.find(({ tags }) => tags.some((tag) => sameTag(tag, name)))?.id;
}

function cycles(history: History, fewest = fewestCycles): Finding {
  const teardowns = finishedTeardowns(history);
  const evidence = sequence(...teardowns.map((step) => step.outcome));
  const done = count(teardowns.length, "deploy and teardown cycle");
  return teardowns.length < fewest
    ? inconclusive(`${done} ended ok`, evidence, `run at least ${fewest} cycles`)
    : pass(done, evidence);
}

/** The ends of the cycles in which both the deploy and the teardown ended ok. */
function finishedTeardowns(history: History): StepHistory[] {
  return stepsThat(history, "teardown").filter((step) => {
    const deploy = stepBefore(history, step, "deploy");
    return endedOk(step) && deploy !== undefined && endedOk(deploy);
  });
}

/** Two witnesses of growth: the engine's count of layer bytes, and the set of layers. */
function growth(history: History): Finding {
  const teardowns = finishedTeardowns(history);
  const [first, last] = [teardowns[0]?.after, teardowns.at(-1)?.after];
  const evidence = sequence(first?.disk, first?.images, last?.disk, last?.images);
  if (
    first?.disk === undefined ||
    last?.disk === undefined ||
    first.images === undefined ||
    last.images === undefined
  )
    return inconclusive(
      "the size of the store after the first and the last teardown is unknown",
      evidence,
      lookAgain,
    );
  const bytes = last.disk.data.layersBytes - first.disk.data.layersBytes;
  const had = new Set(first.images.data.images.flatMap(({ layers }) => layers));
  const more = new Set(
    last.images.data.images.flatMap(({ layers }) => layers).filter((layer) => !had.has(layer)),
  );
  if (bytes > 0 && more.size > 0)
    return fail(
      `between the first and the last teardown the store grew by ${count(more.size, "layer")} and ${formatBytes(bytes)}`,
      evidence,
      "find out which image brings new layers although no version changed",
    );
  if (bytes > 0 || more.size > 0)
    return inconclusive(
      `witnesses disagree about growth: ${count(more.size, "new layer")}, ${bytes} more bytes by the engine's count`,
      evidence,
      lookAgain,
    );
  return pass(`the store did not grow beyond ${formatBytes(last.disk.data.layersBytes)}`, evidence);
}

function bounded(history: History): Finding[] {
  return [cycles(history, fewestChanges), roomLeft(history), nothingWrong(history)];
}

/** Statfs after every prune run; shows something only where the versions would not have fitted without one. */
function roomLeft(history: History): Finding {
  const { steps } = history;
  const host = steps[0]?.host ?? "";
  const evidence = sequence(...steps.flatMap(({ before, after }) => [before.disk, after.disk]));
  const blind = steps.find(({ before, after }) => before.disk === undefined || after.disk === undefined);
  if (blind !== undefined)
    return inconclusive(`the disk was not seen around ${blind.plan.id}`, evidence, lookAgain);
  const full = stepsThat(history, "prune").find(
    ({ after }) => after.disk !== undefined && usedShare(after.disk.data) >= highWaterMark,
  );
  if (full?.after.disk !== undefined)
    return fail(
      `${formatShare(usedShare(full.after.disk.data))} of the disk of ${host} was in use after ${full.plan.id}`,
      evidence,
      "prune with the reference policy, and give the disk room for what must stay",
    );
  const came = bringing(history, steps).reduce(
    (sum, { before, after }) => sum + used(after) - used(before),
    used(stepsThat(history, "deploy")[0]?.before),
  );
  const total = steps[0]?.before.disk?.data.totalBytes ?? 0;
  if (came < highWaterMark * total)
    return inconclusive(
      `all versions together would have fitted on the disk of ${host} without any prune run`,
      evidence,
      "run more cycles, or with larger layers",
    );
  const most = Math.max(
    ...stepsThat(history, "prune").map(({ after }) =>
      after.disk === undefined ? 1 : usedShare(after.disk.data),
    ),
  );
  return pass(
    `at most ${formatShare(most)} of the disk of ${host} was in use after a prune run; without any it would have been ${formatShare(came / total)}`,
    evidence,
  );
}

/** The deploys that brought an image which was never on their host before: what comes back takes no more room than once. */
function bringing(history: History, steps: readonly StepHistory[]): StepHistory[] {
  const ids = ({ images }: StepHistory["before"]) => images?.data.images.map(({ id }) => id) ?? [];
  const known = new Set<string>();
  return history.timeline
    .filter(({ host }) => host === steps[0]?.host)
    .filter((step) => {
      for (const id of ids(step.before)) known.add(id);
      return (
        step.plan.do === "deploy" && steps.includes(step) && ids(step.after).some((id) => !known.has(id))
      );
    });
}

const used = (boundary: StepHistory["before"] | undefined): number => boundary?.disk?.data.usedBytes ?? 0;

/** Every prune run of the cycles, whether under pressure or not. */
function nothingWrong(history: History): Finding {
  const prunes = stepsThat(history, "prune");
  const findings = prunes.map((step) => {
    const known = standings(history, step);
    const { before, after, plan } = step;
    const evidence = sequence(before.images, before.uses, after.images);
    if (known === null || before.images === undefined || after.images === undefined)
      return inconclusive(`what ${plan.id} removed was not seen`, evidence, lookAgain);
    const wrong = [
      ...wronglyRemoved(known, before.images, after.images),
      ...cameBack(step).map((image) => `${nameOf(image)} (pulled again)`),
    ];
    if (wrong.length > 0) return fail(`${plan.id} removed ${list(wrong)}`, evidence, removalRemedy(plan));
    return pass(`${plan.id} removed nothing that had to stay`, evidence);
  });
  return compose(
    findings,
    "no prune run was made in the cycles",
    () => `${count(prunes.length, "prune run")} removed nothing that had to stay`,
  );
}
