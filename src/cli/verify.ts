import { type Command, Option } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { selectClaims } from "../config/claims.ts";
import { loadSettings } from "../config/settings.ts";
import { chooseDeployer } from "../deploy/choose.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe } from "../deploy/recipe.ts";
import { ExitCode } from "../model/failure.ts";
import { renderLivePlan } from "../report/live-plan.ts";
import { renderPlan } from "../report/plan.ts";
import { liveSummary } from "../runner/live.ts";
import { planOf, type VerifyRequest, verify } from "../runner/verify.ts";
import { approveLive } from "./approve-live.ts";
import { interruption } from "./interruption.ts";
import { printResult } from "./result.ts";
import { print, terminalProgress } from "./terminal.ts";

interface VerifyOptions {
  host?: string;
  context?: string;
  dockerHost?: string;
  allowPrune?: boolean;
  allowReboot?: boolean;
  yes?: boolean;
  quick?: boolean;
  reboot?: string;
  imageStore?: string;
  deployer?: string;
  registryAuth: boolean;
  prepull?: boolean;
  prune?: string;
  recipe?: string;
  audit?: string;
  documents?: string;
  only?: string;
  skip?: string;
  samples?: number;
  seed?: string;
  controls: boolean;
  runDir?: string;
  dryRun?: boolean;
  keep?: boolean;
  json?: boolean;
}

/** `pullproof verify`: run, judge, report. */
export function addVerify(program: Command): void {
  program
    .command("verify")
    .description("prove or refute that a Docker host keeps its image cache")
    .option(
      "--host <kinds>",
      "hosts under test, separated by commas: lab, vm (a virtual machine that truly reboots), live (an existing host)",
    )
    .addOption(new Option("--context <name>", "the live host, as a Docker context").conflicts("dockerHost"))
    .option("--docker-host <url>", "the live host, as unix:// or ssh:// address")
    .option("--allow-prune", "let the run prune the live host, by the command or unit that --prune names")
    .option("--allow-reboot", "let the run reboot the live host")
    .option("--yes", "go on with a live host without asking")
    .addOption(
      new Option(
        "--quick",
        "leave the virtual machine out; whether the store survives a reboot is then not judged",
      ).conflicts("host"),
    )
    .addOption(
      new Option("--reboot <manner>", "how the virtual machine is rebooted").choices([
        "soft",
        "hard",
        "both",
      ]),
    )
    .addOption(
      new Option("--image-store <store>", "image store of the lab's engine").choices([
        "graphdriver",
        "containerd",
      ]),
    )
    .addOption(
      new Option("--deployer <name>", "how the recipe is deployed").choices(["auto", "abra", "stack"]),
    )
    .option("--no-registry-auth", "deploy without sending registry credentials")
    .option("--prepull", "pull each image by tag before a deploy")
    .option("--prune <policy>", "prune run to judge: a policy's name, or a shell command for the host")
    .option("--recipe <folder>", "abra recipe to deploy")
    .option("--audit <paths>", "harness, janitor and CI code to audit, with commas between paths")
    .option("--documents <paths>", "where operators look for the prune policy, with commas between paths")
    .option("--only <claims>", "judge only these claims or criteria: PC2,PC3.1")
    .option("--skip <claims>", "leave these claims or criteria out")
    .option("--samples <n>", "cold and warm deploys to time", Number)
    .option("--seed <text>", "decides the content of the fixture's layers")
    .option("--no-controls", "leave out the scenarios that must fail")
    .option("--run-dir <folder>", "where to put this run's files")
    .option("--dry-run", "print the plan and do nothing")
    .option("--keep", "leave the labs running afterwards")
    .option("--json", "print the verdicts as JSON")
    .action(async (options: VerifyOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: VerifyOptions): Promise<number> {
  const { imageStore, deployer, prepull, prune, reboot, samples, seed } = options;
  const settings = loadSettings({
    hosts: options.quick ? ["lab"] : options.host?.split(","),
    context: options.context,
    dockerHost: options.dockerHost,
    allowPrune: options.allowPrune,
    allowReboot: options.allowReboot,
    reboot,
    imageStore,
    deployer,
    prepull,
    prune,
    samples,
    seed,
    recipe: options.recipe,
    audit: options.audit?.split(","),
    documents: options.documents?.split(","),
    // Commander's negated option is true when it was not given; the settings file decides then.
    registryAuth: options.registryAuth ? undefined : false,
  });
  const request: VerifyRequest = {
    settings,
    recipe: readRecipe(settings.recipe ?? fixtureRecipes.notebook),
    // A live host brings its own; only hosts that are the run's get one from here.
    deployer: chooseDeployer(settings.hosts.every((kind) => kind === "live") ? "stack" : settings.deployer),
    claims: selectClaims(options.only, options.skip, settings),
    controls: options.controls,
    keep: options.keep ?? false,
    runFolder: options.runDir,
    approve: (plan) => approveLive(plan, options.yes ?? false),
  };
  if (options.dryRun) {
    const plan = planOf(request);
    const live = settings.hosts.includes("live") ? await liveSummary(settings) : null;
    const texts = [
      ...(plan.length > 0 ? [renderPlan(plan)] : []),
      ...(live === null ? [] : [renderLivePlan(live)]),
    ];
    print(options.json ? JSON.stringify(live === null ? plan : [...plan, live], null, 2) : texts.join("\n"));
    return ExitCode.pass;
  }
  const signal = interruption(
    "the run was interrupted",
    "run the same command again; nothing was left behind",
  );
  using progress = terminalProgress();
  const result = await verify(request, progress, signal);
  printResult(result, options.json ?? false);
  return exitCodeOf(result.judgement);
}
