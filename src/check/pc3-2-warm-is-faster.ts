import { type Checker, type Finding, fail, inconclusive, pass } from "./checker.ts";
import { type History, sequence } from "./history.ts";
import { cliffsDelta, type Estimate, ratioOfMedians } from "./statistics.ts";
import { type Sample, samplesOf } from "./timing.ts";

/** With fewer samples a bootstrap interval is little more than the samples' range. */
export const fewestSamples = 3;

/** PC3.2. Timing supports the claims about bytes and never decides one. */
export const warmIsFaster: Checker = {
  id: "PC3.2",
  expected: `deploy and pull take longer cold than warm: the 95 % interval of both ratios of medians lies above 1, from at least ${fewestSamples} samples each`,
  check,
};

/** How many times longer cold deploys take than warm ones, and how sure that is. */
export interface Speedup {
  deploy: Estimate;
  pull: Estimate;
  /** Cliff's delta of the deploy times. */
  effect: number;
}

/** Compares cold with warm samples, of which there must be some. The seed makes the intervals repeatable. */
export function speedup(cold: readonly Sample[], warm: readonly Sample[], seed: string): Speedup {
  const deploys = [cold, warm].map((samples) => samples.map(({ deploySeconds }) => deploySeconds));
  const pulls = [cold, warm].map((samples) => samples.map(({ pullSeconds }) => pullSeconds));
  return {
    deploy: ratioOfMedians(deploys[0] ?? [], deploys[1] ?? [], `${seed} deploy`),
    pull: ratioOfMedians(pulls[0] ?? [], pulls[1] ?? [], `${seed} pull`),
    effect: cliffsDelta(deploys[0] ?? [], deploys[1] ?? []),
  };
}

function check(history: History): Finding {
  const { cold, warm, unusable } = samplesOf(history);
  const evidence = sequence(...[...cold, ...warm].map(({ step }) => step.outcome));
  const spoiled =
    unusable.length === 0
      ? ""
      : ` (${unusable.length} not usable: ${unusable.map(({ plan }) => plan.id).join(", ")})`;
  if (Math.min(cold.length, warm.length) < fewestSamples)
    return inconclusive(
      `${cold.length} cold and ${warm.length} warm samples${spoiled}`,
      evidence,
      `measure at least ${fewestSamples} of each: \`--samples ${fewestSamples}\` or more`,
    );
  const { deploy, pull, effect } = speedup(cold, warm, history.run.data.seed);
  const found = `cold deploys take ${times(deploy)} as long as warm ones, their pulls ${times(pull)}; Cliff's delta ${effect.toFixed(2)}; ${cold.length} cold and ${warm.length} warm samples${spoiled}`;
  if (deploy.low > 1 && pull.low > 1) return pass(found, evidence);
  if (deploy.high < 1 || pull.high < 1)
    return fail(
      found,
      evidence,
      "look for what slows down warm deploys: the requests of a warm step show where its time goes",
    );
  return inconclusive(found, evidence, "take more samples (`--samples`), or a hub with less bandwidth");
}

function times({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)} times (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
