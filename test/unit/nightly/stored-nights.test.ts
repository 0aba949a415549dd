import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { readNights, runFolders } from "../../../src/nightly/history.ts";
import { nightFiles } from "../../../src/nightly/night-files.ts";
import { beganAt } from "../../../src/nightly/run-names.ts";
import { compareTonight } from "../../../src/nightly/tonight.ts";
import { writeNight } from "../../../src/nightly/write-night.ts";
import { files, readManifest } from "../../../src/runner/run-folder.ts";
import { runId } from "../../../src/runner/run-id.ts";
import { readStoredRun } from "../../../src/runner/stored.ts";
import { CommandLine } from "../../support/command-line.ts";
import { amend, cutBefore, jsonLines } from "../../support/edit.ts";
import { noisyNight, quietNight, runOf } from "../../support/nights.ts";
import { storeRun } from "../../support/stored-run.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { elementsOf, parseXml } from "../../support/xml.ts";

/** What `pullproof nightly` does once its run is made. */
async function conclude(folder: string, entries: readonly Entry[]) {
  const judgement = judge(entries);
  const reports = join(folder, "..");
  const compared = compareTonight({ folder, entries, judgement, reports, removals: [], beginAnew: false });
  await writeNight(folder, compared);
  return compared;
}

/** Runs of so many nights on disk, each concluded before the next. */
async function nights(reports: string, evidence: readonly Entry[][]) {
  const all = [];
  for (const [index, entries] of evidence.entries())
    all.push(await conclude(storeRun(join(reports, runOf(index + 1)), entries), entries));
  return all;
}

const leftVolume = (night: number) =>
  amend(quietNight(night), { kind: "inventory", step: "teardown-2" }, () => ({ volumes: ["notebook_data"] }));

describe("nights on disk", { timeout: 60_000 }, () => {
  it("catch a regression on its night, and measure the next by the last good one", async () => {
    const evidence = [1, 2, 3, 4, 5, 6, 7].map((night) =>
      noisyNight(night, "disk", night === 4 ? leftVolume(night) : quietNight(night)),
    );
    const compared = await nights(tempFolder(), evidence);
    expect(compared.map(({ night }) => night.exitCode)).toEqual([0, 0, 0, ExitCode.fail, 0, 0, 0]);
    expect(compared.map(({ night }) => night.comparedWith)).toEqual(
      [null, 1, 2, 3, 3, 5, 6].map((night) => (night === null ? null : runOf(night))),
    );
    const last = compared.at(-1);
    expect(last?.trend.map(({ regressions }) => regressions)).toEqual([0, 0, 0, 1, 0, 0, 0]);
    expect(last?.trend.map(({ beginsAnew }) => beginsAnew)).toEqual([true, ...Array(6).fill(false)]);
    expect(last?.spared).toEqual([runOf(7), runOf(6)]);
  });

  it("leave their files in the run's folder, sealed with it, and sound", async () => {
    const reports = tempFolder();
    await nights(reports, [quietNight(1), leftVolume(2)]);
    const folder = join(reports, runOf(2));
    const sealed = [...(readManifest(folder)?.manifest.keys() ?? [])];
    expect(sealed).toEqual(expect.arrayContaining([files.evidence, ...Object.values(nightFiles)]));
    expect(readStoredRun(folder)).toMatchObject({ sealed: true, problems: [] });
    const text = (name: string) => readFileSync(join(folder, name), "utf8");
    expect(JSON.parse(text(nightFiles.record))).toMatchObject({ run: runOf(2), good: false, exitCode: 1 });
    expect(text(nightFiles.trend)).toMatch(/1 regression: verdict of PC1\.4[\s\S]*trend\.svg/);
    parseXml(text(nightFiles.chart).replace(/<style>[\s\S]*<\/style>/, ""));
    const cases = elementsOf(parseXml(text(nightFiles.junit)), "testsuite").at(-1);
    expect(cases?.attributes).toMatchObject({ name: "nightly", failures: "1" });
    expect(JSON.parse(text(nightFiles.ctrf)).results.summary).toMatchObject({ failed: 2 });
  });

  it("are still what check accepts", async () => {
    const line = new CommandLine();
    await nights(join(line.cwd, "reports"), [quietNight(1)]);
    expect(await line.run("check", runOf(1))).toMatchObject({ code: ExitCode.pass, stderr: "" });
  });

  it("say which run cannot be trusted, and go by the one before it", async () => {
    const reports = tempFolder();
    await nights(reports, [quietNight(1), quietNight(2)]);
    writeFileSync(join(reports, runOf(2), nightFiles.record), "{}");
    const { night } = await conclude(storeRun(join(reports, runOf(3)), quietNight(3)), quietNight(3));
    expect(night.comparedWith).toBe(runOf(1));
    expect(night.notes.join()).toMatch(
      new RegExp(`${runOf(2)} is compared with nothing.*nightly\\.json was altered`),
    );
  });

  it("take no record for good that is not sealed", () => {
    const reports = tempFolder();
    const folder = storeRun(join(reports, runOf(1)), leftVolume(1));
    writeTree(folder, { [nightFiles.record]: JSON.stringify({ version: 1, good: true }) });
    expect(readNights(reports, "").nights).toMatchObject([{ good: false, record: null }]);
  });

  it("take a run of verify for a reference when it passed, and leave it out of the trend", async () => {
    const reports = tempFolder();
    storeRun(join(reports, runOf(1)), quietNight(1));
    const { night, trend } = await conclude(storeRun(join(reports, runOf(2)), quietNight(2)), quietNight(2));
    expect(night.comparedWith).toBe(runOf(1));
    expect(trend).toHaveLength(1);
  });

  it("outlive others for what they are: the run compared with, and the last good one", async () => {
    const reports = tempFolder();
    const other = amend(quietNight(2), { kind: "environment" }, ({ engine }) => ({
      engine: { ...engine, version: "29.1.0" },
    }));
    const compared = await nights(reports, [quietNight(1), other, quietNight(3)]);
    expect(compared.at(-1)?.night.comparedWith).toBe(runOf(1));
    expect(compared.at(-1)?.spared.sort()).toEqual([1, 2, 3].map(runOf));
  });

  it("pass over runs that were cut short, links, and what is no run", () => {
    const reports = tempFolder();
    writeTree(reports, {
      [`${runOf(1)}/${files.evidence}`]: jsonLines(cutBefore(quietNight(1), "prune")),
      [`${runOf(2)}x/${files.evidence}`]: "",
      "notes/evidence.jsonl": "",
    });
    storeRun(join(reports, "elsewhere"), quietNight(3));
    symlinkSync("elsewhere", join(reports, runOf(3)));
    symlinkSync("elsewhere", join(reports, "latest"));
    expect(readNights(reports, "")).toEqual({ nights: [], notes: [] });
    expect(runFolders(reports)).toEqual([runOf(1)]);
  });

  it("find nothing where there is no folder yet", () => {
    expect(readNights(join(tempFolder(), "none"), "")).toEqual({ nights: [], notes: [] });
  });

  it("throw a Failure that says so where a night cannot be written, and leave the run sound", async () => {
    const reports = tempFolder();
    const entries = quietNight(1);
    const folder = storeRun(join(reports, runOf(1)), entries);
    writeTree(folder, { [`${nightFiles.junit}/in-the-way`]: "" });
    await expect(conclude(folder, entries)).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining(nightFiles.junit),
    });
    expect(readStoredRun(folder).problems).toEqual([]);
    expect(readNights(reports, "").nights).toMatchObject([{ record: null }]);
  });

  it("may be moved elsewhere as a whole", async () => {
    const reports = tempFolder();
    await nights(reports, [quietNight(1)]);
    renameSync(join(reports, runOf(1)), join(reports, runOf(9)));
    const { night, spared } = await conclude(
      storeRun(join(reports, runOf(10)), quietNight(10)),
      quietNight(10),
    );
    expect(night.comparedWith).toBe(runOf(1));
    expect(spared).toEqual([runOf(10), runOf(9)]);
    expect(existsSync(join(reports, basename(spared[1] ?? "")))).toBe(true);
  });
});

describe("beganAt", () => {
  it("reads the time from the name that the runner gives", () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const at = beganAt(runId());
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    "latest",
    "20260101-030405",
    "20260101-030405-000A",
    "x20260101-030405-000a",
    "20261399-030405-000a",
    "../20260101-030405-000a",
    "",
  ])("takes %j for no name of a run", (name) => expect(beganAt(name)).toBeNull());
});
