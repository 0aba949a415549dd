import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, renderManifest } from "../check/manifest.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { renderCtrf } from "../report/ctrf.ts";
import { renderJunit } from "../report/junit.ts";
import { nightCases, nightSection } from "../report/nightly.ts";
import type { TestRun } from "../report/test-cases.ts";
import { renderTrendTable, type TrendNight } from "../report/trend.ts";
import { renderTrendChart } from "../report/trend-chart.ts";
import { files, hashOf, readManifest } from "../runner/run-folder.ts";
import { writeWhole } from "../write-whole.ts";
import type { Night } from "./night.ts";
import { nightFiles } from "./night-files.ts";
import { recordOf } from "./record.ts";

/** What is told of a night. */
export interface NightReport {
  night: Night;
  /** This night and those before it, oldest first. */
  trend: readonly TrendNight[];
  /** The run itself, as tests. */
  tests: TestRun;
}

/**
 * Writes what is told of a night into its run's folder, and seals it with the run: a night counts as good by a sealed
 * record only. The manifest is replaced last, so a run whose night was cut short is as sound as before. Throws a
 * Failure (unavailable).
 */
export async function writeNight(folder: string, { night, trend, tests }: NightReport): Promise<void> {
  const all = { ...tests, cases: [...tests.cases, ...nightCases(night)] };
  const title = `# Nightly ${night.summary.run.replace(/[^\w.-]/g, "?")}`;
  const contents = {
    [nightFiles.record]: `${JSON.stringify(recordOf(night), null, 2)}\n`,
    [nightFiles.trend]: `${[title, nightSection(night), trendSection(trend)].join("\n\n")}\n`,
    [nightFiles.chart]: renderTrendChart(trend),
    [nightFiles.junit]: renderJunit(all),
    [nightFiles.ctrf]: renderCtrf(all),
  };
  try {
    for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content);
    await seal(folder, Object.keys(contents));
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "what the night came to cannot be written",
      seen: messageOf(thrown),
      next: `make room, or see who may write to ${folder}; this run is no reference for later nights`,
      cause: thrown,
    });
  }
}

function trendSection(trend: readonly TrendNight[]): string {
  return `## Trend\n\n![The trend as a chart](${nightFiles.chart})\n\n${renderTrendTable(trend)}`;
}

/** Adds files to a run's manifest. */
async function seal(folder: string, names: readonly string[]): Promise<void> {
  const sealed = readManifest(folder)?.manifest ?? new Map<string, string>();
  const added = names.map((name) => [name, hashOf(join(folder, name))] as const);
  const manifest: Manifest = new Map([...sealed, ...added]);
  await writeWhole(join(folder, files.manifest), renderManifest(manifest));
}
