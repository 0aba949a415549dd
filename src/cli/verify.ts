import type { Command } from "commander";
import { exitCodeOf } from "../check/judge.ts";
import { ExitCode } from "../model/failure.ts";
import { renderLivePlan } from "../report/live-plan.ts";
import { renderPlan } from "../report/plan.ts";
import { liveSummary } from "../runner/live.ts";
import { planOf, verify } from "../runner/verify.ts";
import { interruption } from "./interruption.ts";
import { liveHint } from "./live-hint.ts";
import { type RequestOptions, requestOf } from "./request.ts";
import { printResult } from "./result.ts";
import { addSettingOptions, chosenSettings } from "./setting-options.ts";
import { print, terminalProgress } from "./terminal.ts";

interface VerifyOptions extends RequestOptions {
  dryRun?: boolean;
  json?: boolean;
}

/** `pullproof verify`: run, judge, report. */
export function addVerify(program: Command): void {
  addSettingOptions(
    program.command("verify").description("prove or refute that a Docker host keeps its image cache"),
  )
    .option("--only <claims>", "judge only these claims or criteria: PC2,PC3.1")
    .option("--skip <claims>", "leave these claims or criteria out")
    .option("--no-controls", "leave out the scenarios that must fail")
    .option("--run-dir <folder>", "where to put this run's files")
    .option("--dry-run", "print the plan and do nothing")
    .option("--keep", "leave the labs running afterwards")
    .option("--yes", "begin on a live host without asking")
    .option("--json", "print the verdicts as JSON")
    .action(async (options: VerifyOptions, command: Command) => {
      process.exitCode = await run(options, command);
    });
}

async function run(options: VerifyOptions, command: Command): Promise<number> {
  const resolved = chosenSettings(command);
  const { settings } = resolved;
  const request = requestOf(resolved, options);
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
  const hint = await liveHint(settings);
  if (hint !== null) progress.say(hint);
  const result = await verify(request, progress, signal);
  printResult(result, options.json ?? false);
  return exitCodeOf(result.judgement);
}
