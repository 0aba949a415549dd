import type { TimedNight } from "./slower.ts";

/** How much times differ: standard deviations of their logarithms, so 0.1 is about ten percent. */
export interface Noise {
  name: string;
  /** From night to night, all times alike: a busy neighbour. */
  machine: number;
  /** From night to night, deploys alone. */
  deploys: number;
  /** From sample to sample. */
  samples: number;
  /** The share of samples that take 2.5 times as long. */
  outliers: number;
}

/** Three machines: one of its own, a shared one, and one that nobody should measure on. */
export const noises: readonly Noise[] = [
  { name: "quiet", machine: 0.05, deploys: 0.03, samples: 0.05, outliers: 0 },
  { name: "noisy", machine: 0.2, deploys: 0.1, samples: 0.2, outliers: 0.05 },
  { name: "wild", machine: 0.4, deploys: 0.2, samples: 0.4, outliers: 0.1 },
];

/** Seconds, and how many, of a default run on two cores: its recorded histories have such. */
const deploy = { seconds: 6.5, samples: 5 };
const teardown = { seconds: 6.2, samples: 12 };
const outlier = 2.5;

/** The times of one night, in which deploys take `factor` times as long as they should. */
export function simulatedNight(noise: Noise, random: () => number, factor = 1): TimedNight {
  const machine = lognormal(noise.machine, random);
  const own = lognormal(noise.deploys, random) * factor;
  const sample = (seconds: number) =>
    seconds * machine * lognormal(noise.samples, random) * (random() < noise.outliers ? outlier : 1);
  return {
    samples: Array.from({ length: deploy.samples }, () => sample(deploy.seconds) * own),
    teardowns: Array.from({ length: teardown.samples }, () => sample(teardown.seconds)),
  };
}

/** By the method of Box and Muller (1958). */
function lognormal(deviation: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(deviation * normal);
}
