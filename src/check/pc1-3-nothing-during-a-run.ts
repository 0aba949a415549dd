import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endOf, type History, sequence, stepsThat } from "./history.ts";
import { standings } from "./orphans.ts";
import { cameBack, isUnderPressure, nameOfRun, type PruneRun, unpreparedFindings } from "./prune-runs.ts";
import { loss, nameOf } from "./store.ts";
import { count, list } from "./units.ts";

const remedy =
  "prune with the reference policy, which looks for runs before every removal; take the host's lock in every harness: `pullproof run -- COMMAND`";

/** What goes on, in words. A second prune run is no deploy and no test run: PC1.2 judges it. */
const words = {
  lock: "a run that holds the host's lock",
  pull: "a pull in flight",
  convergence: "a service that converges",
} as const;

/** PC1.3. Counts only where there was something to remove, and where the activity was seen to go on all the while. */
export const nothingDuringARun: Checker = {
  id: "PC1.3",
  expected: `under disk pressure and with old orphans there, no prune run removes anything during ${Object.values(words).join(", ")}`,
  check: (history) => {
    const during = stepsThat(history, "prune").filter(
      ({ plan }) => plan.during !== null && plan.during in words,
    );
    const missing = Object.entries(words).filter(
      ([name]) => !during.some(({ plan }) => plan.during === name),
    );
    return compose(
      [
        ...during.map((step) => judge(history, step)),
        ...(during.length === 0 ? [] : unpreparedFindings(history)),
        ...(during.length === 0 ? [] : missing).map(([, what]) =>
          inconclusive(
            `no prune run was made during ${what}`,
            [],
            "leave the scenarios of this claim in the run",
          ),
        ),
      ],
      "no prune run was made while something went on",
      () => `${count(during.length, "prune run")} during ${Object.values(words).join(", ")} removed nothing`,
    );
  },
};

function judge(history: History, step: PruneRun): Finding {
  const { before, after, plan, activity } = step;
  const name = nameOfRun(step);
  const what = words[plan.during as keyof typeof words];
  const evidence = sequence(
    step.invoke,
    before.images,
    before.uses,
    before.disk,
    activity,
    step.outcome,
    after.images,
  );
  if (before.images === undefined || after.images === undefined)
    return inconclusive(`the image store was not seen on both sides of ${name}`, evidence, lookAgain);
  const { images, tags, digests } = loss(before.images, after.images);
  const names = [...tags, ...digests, ...cameBack(step).map(nameOf)];
  const gone = images.length > 0 ? images : names;
  const wentOn = activity?.data.before === true && activity.data.after;
  // An activity that a removal itself ended, such as a pull that broke, was there before.
  if (gone.length > 0 && activity?.data.before === true)
    return fail(`${name} removed ${list(gone)} during ${what}`, evidence, remedy);
  if (!wentOn)
    return inconclusive(
      `${what} was not seen right before and right after ${name}${activity === undefined ? "" : ` (${activity.data.detail})`}`,
      evidence,
      lookAgain,
    );
  if (!wasMade(step)) return inconclusive(endOf(step), evidence, "mend the prune command and run again");
  const known = standings(history, step);
  if (known === null || !isUnderPressure(step) || !known.some(({ keptBy }) => keptBy === null))
    return inconclusive(
      `${name} removed nothing, but without disk pressure or old orphans that shows nothing`,
      evidence,
      "prevent what removed the old orphans beforehand, or leave the scenarios of this claim in the run",
    );
  return pass(`${name} removed nothing during ${what}`, evidence);
}

/** Exit codes by which a shell tells that it found no such command, could not run it, or that a signal ended it. */
const notRun = 126;

/** Whether the prune command ran to an end of its own, whatever it made of it. */
function wasMade({ outcome }: PruneRun): boolean {
  const { exitCode = null } = outcome?.data ?? {};
  return exitCode !== null && exitCode < notRun;
}
