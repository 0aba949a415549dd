import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nightFiles } from "../../../src/nightly/night-files.ts";
import { removeOldRuns } from "../../../src/nightly/remove-runs.ts";
import { expired } from "../../../src/nightly/retention.ts";
import { files } from "../../../src/runner/run-folder.ts";
import { runOf } from "../../support/nights.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** Noon of a night of runOf. */
const noonOf = (night: number) => Date.UTC(2026, 0, night, 12);
const keepAll = { keepRuns: 1_000, keepDays: 1_000 };
const keepNone = { keepRuns: 1, keepDays: 1 };

describe("expired", () => {
  const names = [1, 2, 3, 4, 5, 6].map(runOf);

  it("leaves the newest runs, and none that is too old", () => {
    const byCount = expired(names, { keepRuns: 2, keepDays: 1_000 }, new Set(), noonOf(6));
    expect(byCount.sort()).toEqual([1, 2, 3, 4].map(runOf));
    const byAge = expired(names, { keepRuns: 1_000, keepDays: 3 }, new Set(), noonOf(6));
    expect(byAge.sort()).toEqual([1, 2, 3].map(runOf));
    expect(expired(names, keepAll, new Set(), noonOf(6))).toEqual([]);
  });

  it("spares what it is told to, which counts among the newest all the same", () => {
    const spared = new Set([runOf(1), runOf(6)]);
    const removed = expired(names, { keepRuns: 2, keepDays: 1_000 }, spared, noonOf(6));
    expect(removed.sort()).toEqual([2, 3, 4].map(runOf));
  });

  it("leaves runs of the last day: one may be going on, or wait to be resumed", () => {
    const sameDay = ["20260106-010000-000a", "20260106-020000-000a", "20260106-030000-000a"];
    expect(expired(sameDay, keepNone, new Set(), noonOf(6))).toEqual([]);
    expect(expired(sameDay, keepNone, new Set(), noonOf(9))).toHaveLength(3);
  });

  it("leaves runs of a time to come, as after a clock that went wrong", () => {
    expect(expired([runOf(9)], keepNone, new Set(), noonOf(1))).toEqual([]);
  });
});

/** Reports of some nights, each with what a whole run and its night leave. */
function reports(...nights: number[]): string {
  const folder = tempFolder();
  for (const night of nights)
    writeTree(
      join(folder, runOf(night)),
      Object.fromEntries(
        [...Object.values(files), ...Object.values(nightFiles)].map((name) => [name, sumsIn(name)]),
      ),
    );
  return folder;
}

const sumsIn = (name: string) => (name === files.manifest ? `${"0".repeat(64)}  charts/extra.svg\n` : "");
const late = noonOf(30);

describe("removeOldRuns", () => {
  it("removes runs, whole or cut short, and says which", () => {
    const folder = reports(1, 2, 3);
    writeTree(folder, { [`${runOf(4)}/${files.evidence}`]: "" });
    mkdirSync(join(folder, runOf(4), "charts"));
    const { removed, kept } = removeOldRuns(folder, { keepRuns: 1, keepDays: 10 }, [], late);
    expect(removed.sort()).toEqual([1, 2, 3, 4].map(runOf));
    expect(kept).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("never removes what latest leads to, nor what is spared", () => {
    const folder = reports(1, 2, 3);
    symlinkSync(runOf(1), join(folder, "latest"));
    const { removed } = removeOldRuns(folder, keepNone, [runOf(2)], late);
    expect(removed).toEqual([runOf(3)]);
    expect(readdirSync(folder).sort()).toEqual([runOf(1), runOf(2), "latest"]);
  });

  it("removes files that the run's own manifest names, whatever a later version writes", () => {
    const folder = reports(1);
    writeTree(join(folder, runOf(1)), { "charts/extra.svg": "" });
    expect(removeOldRuns(folder, keepNone, [], late).removed).toEqual([runOf(1)]);
  });

  it.each<[string, (folder: string, outside: string) => void]>([
    ["a file of somebody's", (folder) => writeTree(folder, { "notes.txt": "mine" })],
    ["a file of somebody's, deeper", (folder) => writeTree(folder, { "charts/notes.txt": "mine" })],
    ["a folder of somebody's", (folder) => mkdirSync(join(folder, "mine"))],
    ["a link out of it", (folder, outside) => symlinkSync(outside, join(folder, "away"))],
    [
      "a link that is named as a run's file",
      (folder, outside) => symlinkSync(join(outside, "kept"), join(folder, "charts/extra.svg")),
    ],
    ["a folder that is named as a run's file", (folder) => mkdirSync(join(folder, "charts/extra.svg"))],
  ])("leaves a whole folder that holds %s, and says so", (_, hostile) => {
    const outside = writeTree(tempFolder(), { kept: "" });
    const folder = reports(1);
    hostile(join(folder, runOf(1)), outside);
    const { removed, kept } = removeOldRuns(folder, keepNone, [], late);
    expect(removed).toEqual([]);
    expect(kept).toMatchObject([expect.stringContaining(`${runOf(1)} stays: it holds`)]);
    expect(existsSync(join(folder, runOf(1), files.evidence))).toBe(true);
    expect(existsSync(join(outside, "kept"))).toBe(true);
  });

  it("leaves what is named as a run and is none: a folder without evidence, a link, a file", () => {
    const outside = reports(1);
    const folder = tempFolder();
    mkdirSync(join(folder, runOf(1)));
    symlinkSync(join(outside, runOf(1)), join(folder, runOf(2)));
    writeTree(folder, { [runOf(3)]: "a file", "20260104-030405-000a.txt": "", "notes/evidence.jsonl": "" });
    mkdirSync(join(folder, runOf(5)));
    symlinkSync(join(outside, runOf(1), files.evidence), join(folder, runOf(5), files.evidence));
    const before = readdirSync(folder);
    const { removed, kept } = removeOldRuns(folder, keepNone, [], late);
    expect(removed).toEqual([]);
    expect(kept.sort()).toEqual([1, 5].map((night) => `${runOf(night)} stays: it has no ${files.evidence}`));
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(join(outside, runOf(1), files.evidence))).toBe(true);
  });

  it("leaves a run whose manifest is none, and says so", () => {
    const folder = reports(1);
    writeTree(join(folder, runOf(1)), { [files.manifest]: "../../etc/passwd\n" });
    expect(removeOldRuns(folder, keepNone, [], late)).toMatchObject({
      removed: [],
      kept: [expect.stringContaining(`${files.manifest} is no list`)],
    });
  });
});
