import { Bench } from "tinybench";

/** What is told of some samples, in their own unit. */
export interface Statistics {
  count: number;
  median: number;
  min: number;
  max: number;
}

/** tinybench's statistics over samples that were taken outside of it. Throws an Error without any. */
export function statistics(samples: readonly number[]): Statistics {
  const left = samples.values();
  const bench = new Bench({ iterations: samples.length, time: 0, warmup: false });
  // Told that the function is synchronous, tinybench makes no trial call, which would use up a sample.
  bench.add("arm", () => ({ overriddenDuration: left.next().value ?? Number.NaN }), { async: false });
  bench.runSync();
  const result = bench.tasks[0]?.result;
  if (samples.length === 0 || result?.state !== "completed") throw new Error("tinybench gave no result");
  const { p50, min, max } = result.latency;
  return { count: samples.length, median: p50, min, max };
}

/** How often the median of one arm holds that of another, to be read as times. */
export function ratio(arm: readonly number[], other: readonly number[]): number {
  return statistics(arm).median / statistics(other).median;
}

/** Seconds for a table: a tenth, and below ten seconds a hundredth. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** Times of commands that did the same, in seconds, as a table. */
export function timeTable(arms: Readonly<Record<string, readonly number[]>>): string {
  const rows = Object.entries(arms).map(([name, samples]) => {
    const { count, median, min, max } = statistics(samples);
    return `| ${name} | ${count} | ${[median, min, max].map(seconds).join(" | ")} |`;
  });
  return ["| | n | median | fastest | slowest |", "| --- | ---: | ---: | ---: | ---: |", ...rows].join("\n");
}

/** How long something takes, in seconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
