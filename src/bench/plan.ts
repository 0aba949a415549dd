import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes } from "../check/units.ts";
import { table } from "../report/table.ts";
import type { Progress } from "../runner/progress.ts";
import type { Part } from "./part.ts";
import { bareCalls, planOnce, recordCalls, type Sample, startOnly } from "./plan/arms.ts";
import { openSyntheticEngine } from "./plan/synthetic-engine.ts";
import { ratio, seconds, statistics } from "./statistics.ts";

/** What a plan costs beside the requests that it takes. */
export const plan: Part = {
  title: "What a plan costs",
  async measure(progress) {
    const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
    try {
      const measured: PlanSamples[] = [];
      for (const images of sizes) measured.push(await measure(folder, images, progress));
      return { engine: "a fake engine", text: renderPlan(measured) };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** How plans of one host went, and the bare requests of such a plan, in turn. */
export interface PlanSamples {
  images: number;
  requests: number;
  plan: Sample[];
  bare: Sample[];
  /** The command's start, which is in each of the plans. */
  start: Sample[];
}

const sizes = [100, 1_000, 10_000];
/** Rounds of both arms, in turn, so that a drift of the machine meets both alike. */
const rounds = 5;

async function measure(parent: string, images: number, progress: Progress): Promise<PlanSamples> {
  const folder = join(parent, String(images));
  await mkdir(folder);
  await using engine = await openSyntheticEngine(folder, images);
  const calls = await recordCalls(engine, folder);
  const requests = JSON.parse(await readFile(calls, "utf8")).length;
  const samples: PlanSamples = { images, requests, plan: [], bare: [], start: [] };
  for (let round = 1; round <= rounds; round += 1) {
    samples.plan.push(await planOnce(engine, folder));
    samples.bare.push(await bareCalls(engine, folder, calls));
    samples.start.push(await startOnly(folder));
    const [planned, called] = [samples.plan, samples.bare].map((arm) => seconds(arm.at(-1)?.seconds ?? 0));
    progress.say(`${images} images, round ${round}: plan ${planned}, requests alone ${called}`);
  }
  return samples;
}

/** What the samples tell. */
export function renderPlan(measured: readonly PlanSamples[]): string {
  const rows = measured.map(({ images, requests, plan: planned, bare }) => [
    images.toLocaleString("en"),
    requests.toLocaleString("en"),
    time(bare),
    time(planned),
    `**${ratio(planned.map(wall), bare.map(wall)).toFixed(2)}**`,
    memory(bare),
    memory(planned),
  ]);
  const start = statistics(measured.flatMap((one) => one.start.map(wall))).median;
  const head = [
    "images",
    "requests",
    "requests alone",
    "plan",
    "ratio",
    "memory, requests alone",
    "memory, plan",
  ];
  return `\`pullproof prune\` of a host under disk pressure, against a program that makes the same requests in the same order, as many at a time, and reads each answer as JSON. The engine is a fake, in a process of its own: it serves a synthetic host over a unix socket (\`src/bench/plan/inventory.ts\`: ten layers for each image, shared within families; a service and two containers for every twenty images; a hundred recipes; two fifths old orphans, half of which the plan removes). A real engine answers slower, which makes the ratio smaller.

${table(head, rows, [0, 1, 2, 3, 4, 5, 6])}

Medians of ${statistics(measured.flatMap((one) => one.plan.length)).min} rounds, in turn, with the fastest and the slowest. Times are of whole processes, from start to end, so both hold the start of Node, and the plan's that of the command, which takes ${seconds(start)} by itself; memory is the peak of the resident set. Aim: a ratio of at most 1.2 at 10,000 images.
`;
}

const wall = (sample: Sample) => sample.seconds;

function time(samples: readonly Sample[]): string {
  const { median, min, max } = statistics(samples.map(wall));
  return `${seconds(median)} (${seconds(min)} – ${seconds(max)})`;
}

function memory(samples: readonly Sample[]): string {
  return formatBytes(statistics(samples.map(({ peakBytes }) => peakBytes)).median);
}
