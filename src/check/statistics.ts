import { median, quantile, sampleWithReplacement } from "simple-statistics";
import { seededRandom } from "./random.ts";

/** A value with its 95 % interval. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

const resamples = 2000;
const bounds = [0.025, 0.975];

/** The median with its percentile bootstrap interval (Efron). The same seed gives the same interval. */
export function medianOf(samples: readonly number[], seed: string): Estimate {
  const random = seededRandom(seed);
  const medians = Array.from({ length: resamples }, () => median(resample(samples, random)));
  return estimate(median([...samples]), medians);
}

/** The ratio of two medians with its percentile bootstrap interval, the samples drawn independently. */
export function ratioOfMedians(above: readonly number[], below: readonly number[], seed: string): Estimate {
  const random = seededRandom(seed);
  const ratios = Array.from(
    { length: resamples },
    () => median(resample(above, random)) / median(resample(below, random)),
  );
  return estimate(median([...above]) / median([...below]), ratios);
}

function resample(samples: readonly number[], random: () => number): number[] {
  return sampleWithReplacement([...samples], samples.length, random);
}

function estimate(value: number, draws: readonly number[]): Estimate {
  const [low = Number.NaN, high = Number.NaN] = quantile(draws, bounds);
  return { value, low, high };
}

/** Cliff's delta (1993): how much more often a value of `a` is above one of `b` than below it, from -1 to 1. */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  const signs = a.flatMap((x) => b.map((y) => Math.sign(x - y)));
  return signs.reduce((sum, sign) => sum + sign, 0) / signs.length;
}
