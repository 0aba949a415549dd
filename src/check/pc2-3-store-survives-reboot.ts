import type { Step } from "../model/plan.ts";
import { type Checker, compose, type Finding, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, endOf, type History, type StepHistory, sequence, stepAfter, stepsThat } from "./history.ts";
import { withoutLayers } from "./redeploy.ts";
import { retention } from "./store.ts";

/** PC2.3. Only a changed boot id is a reboot; what is lost in a mere restart is lost all the same. */
export const storeSurvivesReboot: Checker = {
  id: "PC2.3",
  expected:
    "after a restart with a new boot id every image is still there, and the next redeploy fetches no layer",
  check: (history) =>
    compose(
      stepsThat(history, "restart").flatMap((step) => [
        retention(step),
        rebooted(step),
        redeployed(history, step),
      ]),
      "the host was not restarted",
    ),
};

function rebooted(step: StepHistory<Extract<Step, { do: "restart" }>>): Finding {
  const [before, after] = [step.before.clock, step.after.clock];
  const evidence = sequence(before, step.invoke, step.outcome, after);
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, "mend the restart and run again");
  if (before === undefined || after === undefined)
    return inconclusive(`the boot id was not seen on both sides of ${step.plan.id}`, evidence, lookAgain);
  if (before.data.bootId === after.data.bootId)
    return inconclusive(
      `the boot id did not change in ${step.plan.id}: the engine was restarted, the machine was not rebooted`,
      evidence,
      "judge a host that truly reboots: a host of kind vm, which a later version brings",
    );
  return pass(`${step.plan.id} gave a new boot id`, evidence);
}

function redeployed(history: History, step: StepHistory): Finding {
  const redeploy = stepAfter(history, step, "deploy");
  if (redeploy?.plan.expect !== "cached")
    return inconclusive(`no redeploy followed ${step.plan.id}`, sequence(step.invoke), lookAgain);
  return withoutLayers(history, redeploy);
}
