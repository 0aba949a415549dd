import { type Command, Option } from "commander";
import { loadSettings } from "../config/settings.ts";
import { exitCodeOf } from "../doctor/refuse.ts";
import { openLiveHost } from "../host/live.ts";
import { renderDiagnoses, renderDiagnosesJson } from "../report/diagnoses.ts";
import { checkUp, liveAccess, liveApp } from "../runner/live.ts";
import { runId } from "../runner/run-id.ts";
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
  const settings = loadSettings({ context, dockerHost });
  await using host = await openLiveHost(settings);
  const access = await liveAccess(host);
  // How many pulls a run takes, only its plan can tell.
  const needs = { stack: liveApp(settings, runId()).stack, pulls: null };
  const diagnoses = await checkUp(host, access, settings, needs);
  await access.dispatcher.destroy();
  const exitCode = exitCodeOf(diagnoses);
  const { columns = 100, isTTY = false } = process.stdout;
  const color = isTTY && process.env.NO_COLOR === undefined;
  print(
    json ? renderDiagnosesJson(diagnoses, exitCode) : renderDiagnoses(diagnoses, { width: columns, color }),
  );
  return exitCode;
}
