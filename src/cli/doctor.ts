import { type Command, Option } from "commander";
import { getGlobalDispatcher } from "undici";
import { loadSettings, type Settings } from "../config/settings.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe, stackName } from "../deploy/recipe.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { examine } from "../doctor/examine.ts";
import type { Asked } from "../doctor/facts.ts";
import { askHubOver } from "../doctor/look/hub.ts";
import { exitCodeOf } from "../doctor/refuse.ts";
import { openLiveHost } from "../host/live.ts";
import { renderDiagnoses, renderDiagnosesJson } from "../report/diagnoses.ts";
import { print } from "./terminal.ts";

interface DoctorOptions {
  context?: string;
  dockerHost?: string;
  json?: boolean;
}

/** `pullproof doctor`: say of a live host whether a run can be made on it, and what to do first where it cannot. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "look at a live host before a run, change nothing, and say what to do where something is wrong",
    )
    .option("--context <name>", "Docker context that leads to the host")
    .addOption(
      new Option("--docker-host <url>", "address of the host's engine: unix:// or ssh://").conflicts(
        "context",
      ),
    )
    .option("--json", "print the diagnoses as JSON")
    .action(async (options: DoctorOptions) => {
      const exitCode = await run(options);
      // A look that was given up, at an engine that says nothing, still holds the process.
      process.exit(exitCode);
    });
}

async function run({ context, dockerHost, json }: DoctorOptions): Promise<number> {
  const asked = askedBy(loadSettings({}));
  await using host = await openLiveHost({ context, dockerHost });
  const ways = { askHub: askHubOver(getGlobalDispatcher()), now: Date.now };
  const diagnoses = diagnose(await examine(host, asked, ways), Date.now());
  const exitCode = exitCodeOf(diagnoses);
  const { columns = 100, isTTY = false } = process.stdout;
  const color = isTTY && process.env.NO_COLOR === undefined;
  print(
    json ? renderDiagnosesJson(diagnoses, exitCode) : renderDiagnoses(diagnoses, { width: columns, color }),
  );
  return exitCode;
}

/** What a run with these settings would need; how many pulls, only its plan can tell. */
function askedBy({ account, registryAuth, deployer, recipe }: Settings): Asked {
  const { name } = readRecipe(recipe ?? fixtureRecipes.notebook);
  return { account, registryAuth, deployer, stack: stackName(`${name}.example.com`), pulls: null };
}
