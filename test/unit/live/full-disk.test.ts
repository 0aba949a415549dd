import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { parseEvidence } from "../../../src/check/stored-run.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { Journal, nowhere } from "../../../src/runner/journal.ts";
import { createRunFolder, files, writeResults } from "../../../src/runner/run-folder.ts";
import { cutShort } from "../../../src/runner/verify.ts";
import { simulate } from "../../support/simulation.ts";
import { tempFolder } from "../../support/temp.ts";

/** How many bytes the journal's disk still takes, and how many at a time. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY, atOnce: Number.POSITIVE_INFINITY }));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const writeSync = (file: number, bytes: Buffer, at = 0) => {
    const length = Math.min(bytes.length - at, disk.room, disk.atOnce);
    if (length === 0) throw new Error("ENOSPC: no space left on device, write");
    disk.room -= length;
    return fs.writeSync(file, bytes, at, length);
  };
  return { ...fs, writeSync };
});

beforeEach(() => Object.assign(disk, { room: Number.POSITIVE_INFINITY, atOnce: Number.POSITIVE_INFINITY }));

const gap = { witness: "images", reason: "x".repeat(100) };
const full = expect.objectContaining({
  exitCode: ExitCode.unavailable,
  what: "the evidence cannot be written",
  seen: expect.stringContaining("evidence.jsonl: ENOSPC"),
  next: expect.stringContaining("free space"),
});

describe("a journal", () => {
  const open = () => {
    const path = join(tempFolder(), files.evidence);
    return { path, journal: new Journal(path, []) };
  };

  it("writes a line whole where the disk takes it in parts", () => {
    disk.atOnce = 7;
    const { path, journal } = open();
    using _ = journal;
    journal.append("gap", "images", nowhere, gap);
    expect(readFileSync(path, "utf8")).toBe(`${JSON.stringify(journal.entries[0])}\n`);
  });

  it("holds no entry that its file does not, and takes no other after it", () => {
    const { path, journal } = open();
    using _ = journal;
    journal.append("gap", "images", nowhere, gap);
    disk.room = 20;
    const append = () => journal.append("gap", "images", nowhere, gap);
    expect(append).toThrow(full);
    // Somebody made room: a line that came now would follow half of another.
    disk.room = Number.POSITIVE_INFINITY;
    expect(append).toThrow(full);
    expect(journal.entries).toHaveLength(1);
    const [first, torn, ...more] = readFileSync(path, "utf8").split("\n");
    expect(JSON.parse(first ?? "")).toEqual(journal.entries[0]);
    expect([torn?.length, more]).toEqual([20, []]);
  });

  it("that cannot be written any more hides nothing of why a run was cut short", () => {
    const { journal } = open();
    using _ = journal;
    const said: string[] = [];
    const progress = { begin: () => () => {}, say: (text: string) => void said.push(text) };
    disk.room = 0;
    cutShort(journal, "reports/x", new Error("interrupted"), progress);
    expect(said).toEqual([
      expect.stringContaining("ENOSPC"),
      expect.stringContaining("pullproof check reports/x"),
    ]);
  });

  it("says what to do where it cannot even be made", () => {
    const path = join(tempFolder(), "none", files.evidence);
    expect(() => new Journal(path, [])).toThrow(
      expect.objectContaining({ exitCode: ExitCode.unavailable, next: expect.stringContaining("--run-dir") }),
    );
  });
});

describe("results that cannot be written", () => {
  it.each([files.verdicts, files.report, files.chart, files.manifest])(
    "because of %s leave no half report, and evidence that can be judged",
    (name) => {
      const { path } = createRunFolder(join(tempFolder(), "run"));
      const entries = simulate();
      {
        using journal = new Journal(join(path, files.evidence), []);
        for (const { kind, source, data, ...place } of entries) journal.append(kind, source, place, data);
      }
      // What is in the way of a file fails as a full disk does.
      mkdirSync(join(path, name));
      expect(() => writeResults(path, entries, judge(entries))).toThrow(
        expect.objectContaining({
          exitCode: ExitCode.unavailable,
          what: "the report cannot be written",
          next: expect.stringMatching(/^free space .*pullproof check /),
        }),
      );
      expect(readdirSync(path, { recursive: true }).sort()).toEqual(["charts", files.evidence]);
      expect(parseEvidence(readFileSync(join(path, files.evidence), "utf8"), false).problems).toEqual([]);
    },
  );
});
