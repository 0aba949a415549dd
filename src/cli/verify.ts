import { type Command, Option } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { selectClaims } from "../config/claims.ts";
import { loadSettings } from "../config/settings.ts";
import { chooseDeployer } from "../deploy/choose.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe } from "../deploy/recipe.ts";
import { ExitCode } from "../model/failure.ts";
import { renderPlan } from "../report/plan.ts";
import { planOf, type VerifyRequest, verify } from "../runner/verify.ts";
import { interruption } from "./interruption.ts";
import { printResult } from "./result.ts";
import { print, terminalProgress } from "./terminal.ts";

interface VerifyOptions {
  host?: string;
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
    .option("--host <kinds>", "hosts under test: lab, vm (a virtual machine that truly reboots), or lab,vm")
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
    deployer: chooseDeployer(settings.deployer),
    claims: selectClaims(options.only, options.skip),
    controls: options.controls,
    keep: options.keep ?? false,
    runFolder: options.runDir,
  };
  if (options.dryRun) {
    const plan = planOf(request);
    print(options.json ? JSON.stringify(plan, null, 2) : renderPlan(plan));
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
