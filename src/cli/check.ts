import type { Command } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { renderVerdicts } from "../report/verdicts.ts";
import { findRun, readStoredRun, requireSound } from "../runner/stored.ts";
import { print, printSummary } from "./terminal.ts";

/** `pullproof check RUN`: judge a stored run again, without Docker. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .description("judge a stored run again, without Docker")
    .argument("<run>", "folder of a run, or its name under reports/")
    .option("--json", "print the verdicts as JSON")
    .action((name: string, options: { json?: boolean }) => {
      const run = readStoredRun(findRun(name));
      requireSound(run);
      if (options.json) print(renderVerdicts(run.judgement).trimEnd());
      else {
        printSummary(run.judgement, run.entries);
        print(
          run.sealed
            ? "The evidence is as it was written, and so are the verdicts."
            : "The run was cut short: it has no manifest, so nothing vouches for its evidence.",
        );
      }
      process.exitCode = exitCodeOf(run.judgement);
    });
}
