import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { renderCtrf } from "../report/ctrf.ts";
import { renderJunit } from "../report/junit.ts";
import { testRunOf } from "../report/test-cases.ts";
import { renderVerdicts } from "../report/verdicts.ts";
import { findRun, readStoredRun, requireSound, type StoredRun } from "../runner/stored.ts";
import { print, printSummary } from "./terminal.ts";

interface CheckOptions {
  json?: boolean;
  junit?: string;
  ctrf?: string;
}

/** `pullproof check RUN`: judge a stored run again, without Docker. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .description("judge a stored run again, without Docker")
    .argument("<run>", "folder of a run, or its name under reports/")
    .option("--json", "print the verdicts as JSON")
    .option("--junit <file>", "write the verdicts as JUnit XML as well")
    .option("--ctrf <file>", "write the verdicts as CTRF (ctrf.io) as well")
    .action((name: string, options: CheckOptions) => {
      const run = readStoredRun(findRun(name));
      requireSound(run);
      writeTests(run, options);
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

function writeTests({ entries, judgement }: StoredRun, { junit, ctrf }: CheckOptions): void {
  const tests = testRunOf(entries, judgement);
  try {
    if (junit !== undefined) writeFileSync(junit, renderJunit(tests));
    if (ctrf !== undefined) writeFileSync(ctrf, renderCtrf(tests));
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the verdicts cannot be written as tests",
      seen: messageOf(thrown),
      next: "name a file in a folder that exists and can be written: --junit FILE, --ctrf FILE",
      cause: thrown,
    });
  }
}
