import { fails, tally } from "../audit/finding.ts";
import { isUnread } from "../audit/skipped.ts";
import type { EntryOf } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type History, type StepHistory, sequence } from "./history.ts";
import { loss, removalRemedy } from "./store.ts";
import { count, list } from "./units.ts";

/** PC1.5. What the code says, and what the host's own store and events tell of every step that plans no removal. */
export const nobodyPrunesAggressively: Checker = {
  id: "PC1.5",
  expected:
    "no command in the named code that prunes a host's cache, unless it is waived with a reason, and no image that goes in a step which plans no removal",
  lacks: ({ audit }) =>
    audit === undefined || audit.data.paths.length === 0
      ? "no harness, janitor or CI code was named to be audited"
      : null,
  check,
};

function check(history: History): Finding {
  const { audit } = history;
  const code = audit === undefined ? [] : [codeFinding(audit)];
  const unplanned = history.steps.filter(({ plan }) => !removesByPlan(plan));
  const removals =
    unplanned.length === 0
      ? [
          inconclusive(
            "no step was made in which an image must stay",
            [],
            "leave scenarios in the run that deploy and tear down",
          ),
        ]
      : unplanned.map(removalFinding);
  return compose(
    [...code, ...removals],
    "nothing was audited",
    () =>
      `${code[0]?.found}, and no image went in ${count(unplanned.length, "step")} without a planned removal`,
  );
}

function codeFinding(audit: EntryOf<"audit">): Finding {
  const { paths, files, findings, skipped } = audit.data;
  const evidence = sequence(audit);
  const open = findings.filter(fails);
  if (open.length > 0) {
    const where = open.map(({ rule, file, line }) => `${rule} at ${file}:${line}`);
    return fail(
      `the code prunes: ${list(where)}`,
      evidence,
      "mend what the audit found, or waive it with a reason: the report's section on the audit has each finding, docs/audit.md each rule",
    );
  }
  const unread = skipped.filter(({ reason }) => isUnread(reason));
  if (unread.length > 0 || files === 0) {
    const what = unread.map(({ reason, count: number }) => `${count(number, "file")}: ${reason}`);
    return inconclusive(
      files === 0
        ? `nothing that the audit reads lies under ${list(paths)}`
        : `not all code could be read: ${list(what)}`,
      evidence,
      "name code that the audit reads: `pullproof audit PATH` says what it skips, and why",
    );
  }
  return pass(`${tally(findings)} in ${count(files, "file")} of code`, evidence);
}

/** Steps whose own business it is to remove images. What a judged prune run may remove is for PC1.1 and PC1.2 to say. */
function removesByPlan(plan: Step): boolean {
  if (plan.do === "teardown") return plan.removeImages;
  return ["prune", "evict", "reset", "volatile-store"].includes(plan.do);
}

function removalFinding(step: StepHistory): Finding {
  const { before, after, plan, events } = step;
  const removals = events.filter(({ data }) => data.action === "delete" || data.action === "untag");
  const evidence = sequence(step.invoke, before.images, ...removals, step.outcome, after.images);
  const gone = before.images && after.images ? loss(before.images, after.images).images : [];
  if (gone.length > 0)
    return fail(
      `${plan.id} lost ${count(gone.length, "image")} (${list(gone)})`,
      evidence,
      removalRemedy(plan),
    );
  if (removals.length > 0) {
    const what = `${count(removals.length, "removal event")} of the engine`;
    return fail(`there were ${what} in ${plan.id}, which removes no image`, evidence, removalRemedy(plan));
  }
  if (before.images === undefined || after.images === undefined)
    return inconclusive(`the image store was not seen on both sides of ${plan.id}`, evidence, lookAgain);
  return pass(`${plan.id} kept every image`, evidence);
}
