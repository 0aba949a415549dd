import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { retention } from "../../suites/pc2-retention.ts";
import { reportError, terminalProgress } from "../cli/terminal.ts";
import { loadSettings } from "../config/settings.ts";
import { folderOf } from "../deploy/files.ts";
import { readRecipe } from "../deploy/recipe.ts";
import { StackDeployer } from "../deploy/stack.ts";
import { FixtureImages } from "../lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Scenario } from "../model/plan.ts";
import { Journal } from "../runner/journal.ts";
import { type OpenLane, openLane } from "../runner/open-lane.ts";
import { openRunScope } from "../runner/run-scope.ts";
import { baseImage, suiteSettings } from "../runner/suite-settings.ts";
import { runId } from "../runner/verify.ts";
import { type ChainSamples, renderBenchmarks } from "./render.ts";

/** Rounds of both arms, in turn, so that a drift of the machine meets both alike. */
const rounds = 3;

const docs = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
const script = fileURLToPath(new URL("chain.sh", import.meta.url));
const recipeFolder = fileURLToPath(new URL("../../fixtures/recipes/notebook", import.meta.url));
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

async function benchChain(): Promise<ChainSamples> {
  const settings = loadSettings({ deployer: "stack" });
  const recipe = readRecipe(recipeFolder);
  const deployer = new StackDeployer();
  const chain = retention(suiteSettings(settings, recipe, deployer));
  const outer = await openOuterEngine();
  await pointTestcontainers();
  using progress = terminalProgress();
  const id = runId();
  await using scope = await openRunScope(id, false);
  const pat = randomBytes(16).toString("hex");
  using journal = new Journal(join(scope.folder, "evidence.jsonl"), [pat]);
  const account = { name: settings.account, pat };
  await using opened = await openLane("lab", {
    run: id,
    outer,
    folder: scope.folder,
    account,
    settings,
    fixtures: await FixtureImages.open(outer, settings),
    recipe,
    deployer,
    journal,
    progress,
  });
  const samples: ChainSamples = {
    pullproof: [],
    shell: [],
    engine: (await opened.lab.host.docker.version()).Version,
  };
  const never = new AbortController().signal;
  for (let round = 1; round <= rounds; round += 1) {
    await opened.lane.run([evict], never);
    samples.pullproof.push(await seconds(() => opened.lane.run([chain], never)));
    await opened.lane.run([evict], never);
    samples.shell.push(await seconds(() => shellChain(opened)));
    progress.say(`round ${round}: pullproof ${samples.pullproof.at(-1)} s, shell ${samples.shell.at(-1)} s`);
  }
  return samples;
}

/** The same chain on the same host by a bare shell script; the recipe's files lie there from the first arm. */
async function shellChain({ lab, app }: OpenLane): Promise<void> {
  await run("sh", [script, lab.host.container, folderOf(app), app.stack]);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

try {
  await run("docker", ["--version"]).catch((cause) => {
    throw new Failure(ExitCode.unavailable, {
      what: "the benchmark's shell script needs the docker client",
      next: "./setup",
      cause,
    });
  });
  const text = renderBenchmarks(await benchChain());
  writeFileSync(docs, text);
  process.stdout.write(text);
} catch (thrown) {
  reportError(thrown);
  process.exitCode = thrown instanceof Failure ? thrown.exitCode : ExitCode.internal;
}
