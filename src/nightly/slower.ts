import { mean, median, sampleStandardDeviation } from "simple-statistics";
import { fewestSamples } from "../check/pc3-2-warm-is-faster.ts";

/** How many good nights a time is compared with, at most and at least. Two nights do not tell how much nights differ. */
export const [mostNights, fewestNights] = [7, 3] as const;

/** What is less than so many times slower is nobody's concern, however sure it is. */
export const smallestSlowdown = 1.5;

/**
 * Quantiles of Student's t at 0.99, one-sided, for 2 to 6 degrees of freedom (NIST/SEMATECH e-Handbook of Statistical
 * Methods, 1.3.6.7.2). One night in 100 lies above the bound by chance, if nights differ as they did before; that it
 * has to take half as long again as well leaves next to none of them.
 */
const t99 = [6.965, 4.541, 3.747, 3.365, 3.143] as const;

/** Seconds of one night: what is timed, and of the same night the teardowns, which touch no image. */
export interface TimedNight {
  samples: readonly number[];
  teardowns: readonly number[];
}

/** How tonight's time stands to that of other nights. */
export interface Slowdown {
  verdict: "slower" | "not slower" | "too few";
  /** The nights that were compared with. */
  nights: number;
  /** How many times longer it took than in those nights; null where they are too few, as the others are then. */
  ratio: number | null;
  /** The same beside the teardowns of each night: what is left when the machine's own mood is taken out. */
  relative: number | null;
  /** What `relative` may be. */
  bound: number | null;
}

/**
 * Whether something took longer tonight, beyond what nights differ by. The samples of one night share its mood (a busy
 * neighbour, a cold disk), so a night counts once, by its median, and beside its teardowns. On the logarithms, the
 * bound is that of a prediction interval for one more night. Teardowns that got faster make no deploy slower: it must
 * have taken longer in seconds as well.
 */
export function slowdown(tonight: TimedNight, before: readonly TimedNight[]): Slowdown {
  const nights = before.filter(({ samples }) => samples.length >= fewestSamples).slice(-mostNights);
  const compared = nights.length;
  if (compared < fewestNights || tonight.samples.length < fewestSamples)
    return { verdict: "too few", nights: compared, ratio: null, relative: null, bound: null };
  const beside = [tonight, ...nights].every(({ teardowns }) => teardowns.length > 0);
  const level = ({ samples, teardowns }: TimedNight) =>
    Math.log(middle(samples)) - (beside ? Math.log(middle(teardowns)) : 0);
  const levels = nights.map(level);
  const ratio = middle(tonight.samples) / middle(nights.map(({ samples }) => middle(samples)));
  const relative = Math.exp(level(tonight) - mean(levels));
  const quantile = t99[compared - fewestNights] ?? Number.POSITIVE_INFINITY;
  const spread = Math.exp(quantile * sampleStandardDeviation(levels) * Math.sqrt(1 + 1 / compared));
  const bound = Math.max(smallestSlowdown, spread);
  const slower = relative > bound && ratio > smallestSlowdown;
  return { verdict: slower ? "slower" : "not slower", nights: compared, ratio, relative, bound };
}

const middle = (values: readonly number[]) => median([...values]);
