import type { EntryOf } from "../model/evidence.ts";
import { sameTag } from "../model/reference.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, type History, type StepHistory, sequence, stepBefore, stepsThat } from "./history.ts";
import { removalRemedy } from "./store.ts";
import { count, formatBytes } from "./units.ts";

/** Fewer rounds than this are no "repeated runs". */
const fewestCycles = 3;

/** PC3.3. A lost base image is a failure after any number of cycles; growth is judged over all of them. */
export const baseImagesStay: Checker = {
  id: "PC3.3",
  expected: `over at least ${fewestCycles} deploy and teardown cycles every base image stays in the store, and with unchanged versions the store does not grow`,
  check: (history) =>
    compose(
      [...history.run.data.baseImages.map((name) => stays(history, name)), cycles(history), growth(history)],
      "no base image is named",
    ),
};

/** A base image, once seen, must be there at every later boundary, under its name and with its ID. */
function stays(history: History, name: string): Finding {
  const { steps } = history;
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

function cycles(history: History): Finding {
  const { baseImages } = history.run.data;
  const teardowns = finishedTeardowns(history);
  const evidence = sequence(...teardowns.map((step) => step.outcome));
  if (baseImages.length === 0)
    return inconclusive("no base image is named", evidence, "name the base images that must stay");
  if (teardowns.length < fewestCycles)
    return inconclusive(
      `${count(teardowns.length, "deploy and teardown cycle")} ended ok`,
      evidence,
      `run at least ${fewestCycles} cycles`,
    );
  return pass(`${count(teardowns.length, "deploy and teardown cycle")}`, evidence);
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
