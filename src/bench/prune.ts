import { readFile } from "node:fs/promises";
import type { Host } from "../host/host.ts";
import { openBareRun } from "../runner/bare-run.ts";
import type { Site } from "../runner/lane.ts";
import { openLane } from "../runner/open-lane.ts";
import { fill } from "../runner/pressure.ts";
import type { Progress } from "../runner/progress.ts";
import { age } from "../runner/record-of-use.ts";
import { machineState } from "../witness/machine.ts";
import type { Part } from "./part.ts";
import { ratio, statistics, timed, timeTable } from "./statistics.ts";

/** What the policy's care costs a prune run. */
export const prune: Part = {
  title: "What a careful prune costs",
  async measure(progress) {
    const { engine, ...samples } = await prunes(progress);
    return { engine: `lab engine ${engine}`, text: renderPrune(samples) };
  },
};

/** Wall times of commands on a lab host, in seconds, taken in turn. */
export interface PruneSamples {
  pullproof: number[];
  docker: number[];
  /** `pullproof prune` without `--apply`, of the same images. */
  plan: number[];
}

/** Rounds of both arms, in turn, so that a drift of the machine meets both alike. */
const rounds = 3;

/** How many images each arm removes. */
const images = 200;
const smallBytes = 16_384;
/**
 * The last image is the last to go, because its use is the latest. It alone brings the disk below the low mark of
 * 70 %: the disk is filled to 85 %, all the others hold far less than 15 % of it, and this one a little less.
 */
const filled = 0.85;
const lastShare = 0.14;

/** Longer than the minimum age of seven days. */
const days = 10;

async function prunes(progress: Progress): Promise<PruneSamples & { engine: string }> {
  await using bare = await openBareRun(progress, null);
  const plan = { host: "small", kind: "lab", imageStore: "graphdriver", small: true, scenarios: [] } as const;
  await using opened = await openLane({ ...plan, scenarios: [] }, bare.setting, []);
  const { host } = opened.lab;
  const { DockerRootDir: dataRoot } = await host.docker.info();
  const samples: PruneSamples = { pullproof: [], docker: [], plan: [] };
  for (let round = 1; round <= rounds; round += 1) {
    await prepare(opened.lab, dataRoot);
    samples.plan.push(await timed(() => succeed(host, "pullproof", "prune")));
    samples.pullproof.push(await timed(() => succeed(host, "pullproof", "prune", "--apply")));
    await requireNoImages(host, "pullproof prune --apply");
    await prepare(opened.lab, dataRoot);
    samples.docker.push(await timed(() => succeed(host, "docker", "image", "prune", "--force")));
    await requireNoImages(host, "docker image prune --force");
    progress.say(
      `round ${round}: pullproof ${samples.pullproof.at(-1)} s, docker ${samples.docker.at(-1)} s`,
    );
  }
  return { ...samples, engine: (await host.docker.version()).Version };
}

/** Images that both arms may remove, on a disk that is short of room for as long as one of them is there. */
async function prepare({ host, interfaceName }: Site, dataRoot: string): Promise<void> {
  const look = async () => (await machineState(host, interfaceName, dataRoot)).fileSystem;
  await fill(host, dataRoot, 0, look);
  // The engine remembers too few events for two rounds: what the last one did goes into the record of use first.
  await age(host, 0);
  const { totalBytes } = await look();
  const script = await readFile(new URL("prune.sh", import.meta.url), "utf8");
  const words = [images, smallBytes, Math.floor(totalBytes * lastShare)].map(String);
  await succeed(host, "sh", "-c", script, "prune.sh", ...words);
  await age(host, days);
  await fill(host, dataRoot, filled, look);
}

async function requireNoImages(host: Host, command: string): Promise<void> {
  const left = (await host.docker.listImages({ all: true })).length;
  if (left > 0) throw new Error(`${command} left ${left} of ${images} images`);
}

async function succeed(host: Host, ...command: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await host.exec(command);
  if (exitCode === 0) return;
  throw new Error(`${command.join(" ")} ended with code ${exitCode}: ${stderr.trim() || stdout.trim()}`);
}

/** What the samples tell. */
export function renderPrune({ pullproof, docker, plan }: PruneSamples): string {
  const arms = {
    "`pullproof prune --apply`": pullproof,
    "`docker image prune -f`": docker,
    "`pullproof prune`, the plan alone": plan,
  };
  const share = Math.round(ratio(plan, pullproof) * 100);
  const each = (statistics(pullproof).median - statistics(plan).median) / images;
  return `${images} left-overs of builds on a lab host (graphdriver), removed by either command, in turn. The disk is above the high mark, and only below the low mark once all of them are gone. Docker's command removes them in one request; pullproof looks at the host again before each removal, and at the disk after it.

${timeTable(arms)}

Ratio of the medians: **${ratio(pullproof, docker).toFixed(2)}**. Planning, the command's start among it, is ${share} % of pullproof's run; each removal takes ${Math.round(each * 1000)} ms.
`;
}
