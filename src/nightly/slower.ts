import { mean, median, sampleStandardDeviation } from "simple-statistics";
import { fewestSamples } from "../check/pc3-2-warm-is-faster.ts";

/** How many good nights a time is compared with, at most and at least. Two nights do not tell how much nights differ. */
export const [mostNights, fewestNights] = [7, 3] as const;

/** What is less than so many times slower is nobody's concern, however sure it is. */
export const smallestSlowdown = 1.5;

/**
 * Quantiles of Student's t at 0.995, one-sided, for 2 to 6 degrees of freedom (NIST/SEMATECH e-Handbook of Statistical
 * Methods, 1.3.6.7.2). One night in 200 lies above the bound by chance, if nights differ as they did before.
 */
const t995 = [9.925, 5.841, 4.604, 4.032, 3.707] as const;

/** Seconds of one night: what is timed, and of the same night the teardowns, which touch no image. */
export interface TimedNight {
  samples: readonly number[];
  teardowns: readonly number[];
}

/** How tonight's time stands to that of other nights. */
export interface Slowdown {
  verdict: "slower" | "not slower" | "too few";
  /** How many times longer it took than in those nights; without them, null. */
  ratio: number | null;
  /** Above which ratio tonight would count as slower. */
  bound: number | null;
  /** How many times slower the whole machine was, by its teardowns: at least 1. */
  machine: number;
  /** The nights that were compared with. */
  nights: number;
}

/**
 * Whether something took longer tonight, beyond what nights differ by. The samples of one night share its mood (a busy
 * neighbour, a cold disk), so a night counts once, by its median. On the logarithms of those medians, the bound is that
 * of a prediction interval for one more night; what the teardowns were slower by is no slowdown of the cache.
 */
export function slowdown(tonight: TimedNight, before: readonly TimedNight[]): Slowdown {
  const nights = before.filter(({ samples }) => samples.length >= fewestSamples).slice(-mostNights);
  const machine = machineSlowdown(tonight, nights);
  if (nights.length < fewestNights || tonight.samples.length < fewestSamples)
    return { verdict: "too few", ratio: null, bound: null, machine, nights: nights.length };
  const logs = nights.map(({ samples }) => Math.log(middle(samples)));
  const ratio = middle(tonight.samples) / Math.exp(mean(logs));
  const quantile = t995[nights.length - fewestNights] ?? Number.POSITIVE_INFINITY;
  const spread = Math.exp(quantile * sampleStandardDeviation(logs) * Math.sqrt(1 + 1 / nights.length));
  const bound = machine * Math.max(smallestSlowdown, spread);
  return { verdict: ratio > bound ? "slower" : "not slower", ratio, bound, machine, nights: nights.length };
}

function machineSlowdown({ teardowns }: TimedNight, nights: readonly TimedNight[]): number {
  const known = nights.filter((night) => night.teardowns.length > 0);
  if (teardowns.length === 0 || known.length === 0) return 1;
  return Math.max(1, middle(teardowns) / middle(known.map((night) => middle(night.teardowns))));
}

const middle = (values: readonly number[]) => median([...values]);
