import type { DeployStep } from "../model/plan.ts";
import { layerTraffic, sizeOf } from "./bytes.ts";
import { type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import {
  endedOk,
  endOf,
  type History,
  merge,
  type StepHistory,
  sequence,
  stepBefore,
  stepsThat,
} from "./history.ts";
import { removalRemedy, retention } from "./store.ts";

/** The deploys that must find everything in the cache. */
export function cachedDeploys(history: History): StepHistory<DeployStep>[] {
  return stepsThat(history, "deploy").filter((step) => step.plan.expect === "cached");
}

/** Whether a deploy came up without a layer, by two witnesses. */
export function withoutLayers(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan } = step;
  const traffic = layerTraffic(history, step);
  const evidence = merge(traffic.evidence, sequence(step.outcome));
  // Bytes that moved are a fact, whether or not the deploy came up after them.
  if (traffic.agreed === "some")
    return fail(`${plan.id} downloaded ${sizeOf(traffic)} again`, evidence, downloadRemedy(history, step));
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, deployRemedy);
  if (traffic.agreed === "conflict")
    return inconclusive(`witnesses disagree about ${plan.id}: ${traffic.says}`, evidence, lookAgain);
  if (traffic.agreed === "unknown")
    return inconclusive(`two witnesses did not see ${plan.id}: ${traffic.says}`, evidence, lookAgain);
  return pass(`${plan.id} fetched no layer (${traffic.says})`, evidence);
}

/**
 * Layers that came back around the deploys, say by a prune run that pulls afterwards; empty where none did. The
 * ledger is expected to be silent in those steps, so only what it says, or the interface says, can count.
 */
export function downloadsBetween(history: History): Finding[] {
  return history.steps
    .filter(({ plan }) => ["teardown", "prune", "restart"].includes(plan.do))
    .flatMap((step) => {
      const traffic = layerTraffic(history, step);
      if (traffic.agreed === "some")
        return [
          fail(
            `${step.plan.id} downloaded ${sizeOf(traffic)}`,
            traffic.evidence,
            "find out what pulls images outside of a deploy, and why they were gone",
          ),
        ];
      if (traffic.agreed !== "conflict") return [];
      const found = `witnesses disagree about ${step.plan.id}: ${traffic.says}`;
      return [inconclusive(found, traffic.evidence, lookAgain)];
    });
}

/** What to do about a deploy that did not come up. */
export const deployRemedy =
  "look at the deploy's outcome in evidence.jsonl, mend what kept it from coming up, run again";

/** Names the step since the last deploy that removed images; where none did, what happened is an open question. */
export function downloadRemedy(history: History, step: StepHistory): string {
  const since = stepBefore(history, step, "deploy")?.invoke.seq ?? 0;
  const culprit = history.steps.findLast(
    (other) =>
      other.host === step.host &&
      other.invoke.seq > since &&
      other.invoke.seq < step.invoke.seq &&
      retention(other).verdict === "fail",
  );
  return removalRemedy((culprit ?? step).plan);
}
