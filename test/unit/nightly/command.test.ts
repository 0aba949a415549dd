import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { addNightly } from "../../../src/cli/nightly.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { nightFiles } from "../../../src/nightly/night-files.ts";
import { pointLatest } from "../../../src/runner/run-folder.ts";
import { verify } from "../../../src/runner/verify.ts";
import { amend } from "../../support/edit.ts";
import { quietNight, runOf } from "../../support/nights.ts";
import { storeRun } from "../../support/stored-run.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

/** A double of the run itself: a simulated one is stored as the real one would be. */
vi.mock(import("../../../src/runner/verify.ts"), async (original) => ({
  ...(await original()),
  verify: vi.fn(),
}));

let printed = "";
let complained = "";

/** Runs `pullproof nightly` with simulated evidence in place of a run. */
async function nightly(entries: readonly Entry[], ...words: string[]): Promise<unknown> {
  const [first] = entries;
  if (first?.kind !== "run") throw new Error("no run");
  const { id } = first.data;
  vi.mocked(verify).mockImplementationOnce(async () => {
    const folder = storeRun(join("reports", id), entries);
    pointLatest(folder);
    return { folder, entries, judgement: judge(entries) };
  });
  printed = "";
  complained = "";
  const program = new Command().exitOverride();
  addNightly(program);
  return thrownBy(() => program.parseAsync(["node", "pullproof", "nightly", ...words]));
}

const bad = (night: number) =>
  amend(quietNight(night), { kind: "inventory", step: "teardown-2" }, () => ({ volumes: ["notebook_data"] }));

beforeEach(() => {
  const before = process.cwd();
  process.chdir(tempFolder());
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complained += text;
    return true;
  });
  onTestFinished(() => {
    process.chdir(before);
    process.exitCode = undefined;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  });
});

describe("pullproof nightly", { timeout: 60_000 }, () => {
  it("says what got worse, exits with 1, and leaves its files", async () => {
    await nightly(quietNight(1));
    expect(process.exitCode).toBe(ExitCode.pass);
    expect(printed).toMatch(/new baseline, good/);
    await nightly(bad(2));
    expect(process.exitCode).toBe(ExitCode.fail);
    expect(printed).toMatch(/Nightly 20260102.*: 1 regression: verdict of PC1\.4/);
    expect(printed).toMatch(/verdict .* PC1\.4 .* pass .* fail .* worse/);
    expect(printed).toContain(`compared with ${runOf(1)}; as it was: `);
    for (const name of Object.values(nightFiles)) expect(existsSync(join("reports/latest", name))).toBe(true);
  });

  it("prints JSON, and nothing but", async () => {
    await nightly(quietNight(1), "--json");
    expect(JSON.parse(printed)).toMatchObject({
      folder: `reports/${runOf(1)}`,
      run: runOf(1),
      good: true,
      exitCode: 0,
    });
  });

  it("begins anew when it is told to", async () => {
    await nightly(quietNight(1));
    await nightly(quietNight(2), "--new-baseline");
    expect(printed).toMatch(/new baseline was asked for/);
  });

  it("adds to a step's summary what was there before, and warns where it cannot", async () => {
    vi.stubEnv("GITHUB_STEP_SUMMARY", "summary.md");
    writeTree(".", { "summary.md": "before\n" });
    await nightly(quietNight(1));
    expect(readFileSync("summary.md", "utf8")).toMatch(/^before\n## pullproof nightly\n\n\*\*new baseline/);
    vi.stubEnv("GITHUB_STEP_SUMMARY", "nowhere/summary.md");
    await nightly(quietNight(2));
    expect(process.exitCode).toBe(ExitCode.pass);
    expect(complained).toMatch(/warning: the step summary was not written/);
  });

  it("keeps as many runs as the settings say, and the last good one in any case", async () => {
    writeTree(".", { "pullproof.yaml": "keepRuns: 2\nkeepDays: 10000\n" });
    await nightly(quietNight(1));
    for (const night of [2, 3, 4]) await nightly(bad(night));
    expect([1, 2, 3, 4].filter((night) => existsSync(join("reports", runOf(night))))).toEqual([1, 3, 4]);
    expect(complained).toContain(`removed the old run ${runOf(2)}`);
  });
});
