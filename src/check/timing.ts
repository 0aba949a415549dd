import type { EntryOf } from "../model/evidence.ts";
import { layerRequests } from "./bytes.ts";
import { endedOk, type History, type StepHistory, stepsThat } from "./history.ts";

/** One timed deploy. Seconds. */
export interface Sample {
  step: StepHistory;
  deploySeconds: number;
  pullSeconds: number;
}

/** The timed deploys of a run, apart by the state of the cache. */
export interface Samples {
  cold: Sample[];
  warm: Sample[];
  /** Timed deploys that cannot count: they failed, made no request, or were not as cold or warm as planned. */
  unusable: StepHistory[];
}

/** Collects the timed deploys. A cold one must have fetched layers and a warm one none, or the label is wrong. */
export function samplesOf(history: History): Samples {
  const samples: Samples = { cold: [], warm: [], unusable: [] };
  for (const step of stepsThat(history, "deploy")) {
    if (!step.plan.sample) continue;
    const pullSeconds = pullSecondsOf(step.requests);
    const cold = layerRequests(step).length > 0;
    const asPlanned = step.plan.expect === (cold ? "cold" : "cached");
    if (step.outcome === undefined || !endedOk(step) || !asPlanned || pullSeconds === 0) {
      samples.unusable.push(step);
    } else {
      samples[cold ? "cold" : "warm"].push({ step, deploySeconds: step.outcome.data.seconds, pullSeconds });
    }
  }
  return samples;
}

/** Seconds in which at least one request was under way: the union of the requests' intervals. */
export function pullSecondsOf(requests: readonly EntryOf<"request">[]): number {
  const intervals = requests.map(({ data }) => [data.start, data.end] as const).sort(([a], [b]) => a - b);
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [start, end] of intervals) {
    total += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return total / 1000;
}
