import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { retention } from "../../suites/pc2-retention.ts";
import { folderOf } from "../deploy/files.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Scenario } from "../model/plan.ts";
import { openBareRun } from "../runner/bare-run.ts";
import { type OpenLane, openLane } from "../runner/open-lane.ts";
import type { Progress } from "../runner/progress.ts";
import { baseImage, suiteSettings } from "../runner/suite-settings.ts";
import type { Part } from "./part.ts";
import { ratio, timed, timeTable } from "./statistics.ts";

/** What the witnesses cost a chain. */
export const chain: Part = {
  title: "What the evidence costs",
  async measure(progress) {
    const { engine, ...samples } = await runChains(progress);
    return { engine: `lab engine ${engine}`, text: renderChain(samples) };
  },
};

/** Wall times of whole chains, in seconds, taken in turn. */
export interface ChainSamples {
  pullproof: number[];
  shell: number[];
}

/** Rounds of both arms, in turn, so that a drift of the machine meets both alike. */
const rounds = 3;

const script = fileURLToPath(new URL("chain.sh", import.meta.url));
const run = promisify(execFile);

/** Brings the host to the same state before each arm: the base image there, the recipe's not. Not timed. */
const evict: Scenario = {
  id: "evict",
  title: "make the next deploy cold",
  claims: [],
  control: false,
  steps: [
    { id: "pull-base", do: "pull", image: baseImage },
    { id: "evict", do: "evict" },
  ],
};

async function runChains(progress: Progress): Promise<ChainSamples & { engine: string }> {
  await run("docker", ["--version"]).catch((cause) => {
    throw new Failure(ExitCode.unavailable, {
      what: "the benchmark's shell script needs the docker client",
      next: "./setup",
      cause,
    });
  });
  await using bare = await openBareRun(progress, null);
  const { setting } = bare;
  const scenario = retention(suiteSettings(setting.settings, setting.recipe, setting.deployer));
  const { imageStore } = setting.settings;
  const plan = { host: "lab", kind: "lab" as const, imageStore, small: false, scenarios: [scenario] };
  await using opened = await openLane(plan, setting);
  const samples: ChainSamples = { pullproof: [], shell: [] };
  const never = new AbortController().signal;
  for (let round = 1; round <= rounds; round += 1) {
    await opened.lane.run([evict], never);
    samples.pullproof.push(await timed(() => opened.lane.run([scenario], never)));
    await opened.lane.run([evict], never);
    samples.shell.push(await timed(() => shellChain(opened)));
    progress.say(`round ${round}: pullproof ${samples.pullproof.at(-1)} s, shell ${samples.shell.at(-1)} s`);
  }
  return { ...samples, engine: (await opened.lab.host.docker.version()).Version };
}

/** The same chain on the same host by a bare shell script; the recipe's files lie there from the first arm. */
async function shellChain({ lab, app }: OpenLane): Promise<void> {
  await run("sh", [script, lab.container, folderOf(lab.host, app), app.stack]);
}

/** What the samples tell. */
export function renderChain({ pullproof, shell }: ChainSamples): string {
  return `The chain of \`suites/pc2-retention.ts\` with every witness, against \`src/bench/chain.sh\`: a bare shell script with the same deploys, teardowns, look at the disk and restart, on the same host, in turn. Both begin with the recipe's images evicted.

${timeTable({ "verify chain": pullproof, "shell script": shell })}

Ratio of the medians: **${ratio(pullproof, shell).toFixed(2)}** (aim: at most 1.15). It can be below 1, because the script waits by asking the docker client again and again and pullproof asks the engine's API.
`;
}
