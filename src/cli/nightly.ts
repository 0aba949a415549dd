import { dirname } from "node:path";
import type { Command } from "commander";
import { loadPruneSettings } from "../config/prune-settings.ts";
import { resolveSettings } from "../config/settings.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { type Night, regressions } from "../nightly/night.ts";
import { recordOf } from "../nightly/record.ts";
import { removeOldRuns } from "../nightly/remove-runs.ts";
import { appendSummary, summaryVariable } from "../nightly/step-summary.ts";
import { compareTonight } from "../nightly/tonight.ts";
import { deliver, type NightMessage, webhookVariable } from "../nightly/webhook.ts";
import { writeNight } from "../nightly/write-night.ts";
import { readRemovals } from "../policy/removals.ts";
import { visible } from "../report/escape.ts";
import { renderNight } from "../report/nightly.ts";
import { verify } from "../runner/verify.ts";
import { interruption } from "./interruption.ts";
import { requestOf } from "./request.ts";
import { printResult } from "./result.ts";
import { print, terminalProgress } from "./terminal.ts";

interface NightlyOptions {
  newBaseline?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `pullproof nightly`: verify, compare with the last good run, and say what got worse. */
export function addNightly(program: Command): void {
  program
    .command("nightly")
    .description("verify with the settings of pullproof.yaml, and compare with the last good run")
    .option("--new-baseline", "compare with no run: what is found tonight is the new normal state")
    .option("--yes", "begin on a live host without asking")
    .option("--json", "print what the night came to as JSON")
    .action(async (options: NightlyOptions) => {
      const message: NightMessage = {
        run: null,
        overall: null,
        regressions: [],
        exitCode: ExitCode.internal,
        error: null,
      };
      try {
        const night = await runNight(options, message);
        process.exitCode = night.exitCode;
      } catch (thrown) {
        const failure = thrown instanceof Failure ? thrown : null;
        message.exitCode = failure?.exitCode ?? ExitCode.internal;
        message.error = failure?.what ?? "pullproof failed";
        throw thrown;
      } finally {
        await tellWebhook(message);
      }
    });
}

/** Fills the message in as soon as something is known: what fails later is told with it. */
async function runNight(
  { newBaseline: beginAnew = false, yes = false, json = false }: NightlyOptions,
  message: NightMessage,
): Promise<Night> {
  const request = requestOf(resolveSettings({ values: {} }), { yes });
  const { stateDir } = loadPruneSettings(undefined);
  const signal = interruption(
    "the night was interrupted",
    "run the same command again; nothing was left behind",
  );
  using progress = terminalProgress();
  const result = await verify(request, progress, signal);
  const reports = dirname(result.folder);
  const removals = await readRemovals(stateDir);
  const compared = compareTonight({ ...result, reports, removals, beginAnew });
  const { night } = compared;
  Object.assign(message, {
    run: night.summary.run,
    overall: night.summary.overall,
    regressions: regressions(night.compared),
    exitCode: night.exitCode,
  });
  if (json) print(JSON.stringify({ folder: result.folder, ...recordOf(night) }, null, 2));
  else {
    printResult(result, false);
    print(renderNight(night, process.stdout.columns ?? 120));
  }
  await writeNight(result.folder, compared);
  await tellStep(night);
  const old = removeOldRuns(reports, request.settings, compared.spared, Date.now());
  for (const name of old.removed) progress.say(`removed the old run ${name}`);
  for (const reason of old.kept) warn(reason);
  return night;
}

async function tellStep(night: Night): Promise<void> {
  const path = process.env[summaryVariable];
  if (!path) return;
  const problem = await appendSummary(path, night);
  if (problem !== null) warn(`the step summary was not written: ${problem}`);
}

async function tellWebhook(message: NightMessage): Promise<void> {
  const url = process.env[webhookVariable];
  if (!url) return;
  const problem = await deliver(url, message);
  if (problem !== null) warn(`the webhook was not told: ${problem}`);
}

function warn(text: string): void {
  process.stderr.write(`warning: ${visible(text)}\n`);
}
