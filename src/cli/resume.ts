import type { Command } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { resume } from "../runner/resume.ts";
import { findRun } from "../runner/stored.ts";
import { interruption } from "./interruption.ts";
import { printResult } from "./result.ts";
import { terminalProgress } from "./terminal.ts";

/** `pullproof resume RUN`: go on with a run whose host rebooted when its controller was gone. */
export function addResume(program: Command): void {
  program
    .command("resume")
    .description("go on with a run whose host rebooted when nobody waited for it any more, and judge it")
    .argument("<run>", "folder of a run, or its name under reports/")
    .option("--json", "print the verdicts as JSON")
    .action(async (name: string, { json = false }: { json?: boolean }) => {
      const signal = interruption(
        "the resumption was interrupted",
        `run the same command again: it goes on if the run still waits for its host, and says so if not`,
      );
      using progress = terminalProgress();
      const result = await resume(findRun(name), progress, signal);
      printResult(result, json);
      process.exitCode = exitCodeOf(result.judgement);
    });
}
