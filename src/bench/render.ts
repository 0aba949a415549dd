import { cpus, totalmem } from "node:os";
import { Bench } from "tinybench";

/** Wall times of whole chains, in seconds, taken in turn. */
export interface ChainSamples {
  pullproof: number[];
  shell: number[];
  /** Version of the engine that both arms ran on. */
  engine: string;
}

/** docs/benchmarks.md, whole. */
export function renderBenchmarks(samples: ChainSamples): string {
  const arms = { "verify chain": samples.pullproof, "shell script": samples.shell };
  const rows = Object.entries(arms).map(([name, times]) => row(name, times));
  const ratio = median(samples.pullproof) / median(samples.shell);
  return `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB of memory, Node ${process.version}, lab engine ${samples.engine}. Such machines are shared and noisy: only ratios within one run mean anything.

## What the evidence costs

The chain of \`suites/pc2-retention.ts\` with every witness, against \`src/bench/chain.sh\`: a bare shell script with the same deploys, teardowns, look at the disk and restart, on the same host, in turn. Both begin with the recipe's images evicted.

| | n | median | fastest | slowest |
| --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

Ratio of the medians: **${ratio.toFixed(2)}** (aim: at most 1.15). It can be below 1, because the script waits by asking the docker client again and again and pullproof asks the engine's API.
`;
}

/** tinybench's statistics over times that were taken outside of it. */
function statistics(times: readonly number[]): { p50: number; min: number; max: number } {
  const left = times.values();
  const bench = new Bench({ iterations: times.length, time: 0, warmup: false });
  // Told that the function is synchronous, tinybench makes no trial call, which would use up a time.
  bench.add("arm", () => ({ overriddenDuration: (left.next().value ?? Number.NaN) * 1000 }), {
    async: false,
  });
  bench.runSync();
  const result = bench.tasks[0]?.result;
  if (result?.state !== "completed") throw new Error("tinybench gave no result");
  return result.latency;
}

const median = (times: readonly number[]): number => statistics(times).p50;

function row(name: string, times: readonly number[]): string {
  const { p50, min, max } = statistics(times);
  const cell = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
  return `| ${name} | ${times.length} | ${cell(p50)} | ${cell(min)} | ${cell(max)} |`;
}
