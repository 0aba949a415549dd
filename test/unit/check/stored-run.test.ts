import { describe, expect, it } from "vitest";
import { compareManifest, parseManifest, renderManifest } from "../../../src/check/manifest.ts";
import { parseEvidence } from "../../../src/check/stored-run.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { jsonLines } from "../../support/edit.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

const entries = simulate({ scenarios: [chain()] });
const text = jsonLines(entries);
const lines = text.split("\n").slice(0, -1);
const join = (some: readonly string[]) => some.map((line) => `${line}\n`).join("");
const problems = (broken: string, sealed = true) => parseEvidence(broken, sealed).problems;

/** The text with one line changed after parsing. */
function edited(number: number, change: (entry: Record<string, unknown>) => unknown): string {
  return join(lines.toSpliced(number - 1, 1, JSON.stringify(change(JSON.parse(lines[number - 1] ?? "")))));
}

describe("parseEvidence", () => {
  it("reads what was written", () => {
    expect(parseEvidence(text, true)).toEqual({ entries, problems: [] });
  });

  it("forgives an interrupted run its torn last line, and no sealed one", () => {
    const torn = text.slice(0, -20);
    expect(parseEvidence(torn, false)).toEqual({ entries: entries.slice(0, -1), problems: [] });
    expect(problems(torn)).toEqual([
      `line ${lines.length} is cut short: the evidence was truncated`,
      `line ${lines.length - 1} is not the end of a run: lines were cut off after it`,
    ]);
  });

  it("leaves out an unfinished line even when it can be read: its end may be missing", () => {
    expect(parseEvidence(text.slice(0, -1), false).entries).toHaveLength(entries.length - 1);
  });

  it("says where a sealed run was cut at the end of a line", () => {
    expect(problems(join(lines.slice(0, 50)))).toEqual([
      "line 50 is not the end of a run: lines were cut off after it",
    ]);
  });

  it.each<[string, string, string]>([
    ["nothing", "", "the evidence is empty"],
    ["no header", join(lines.slice(1)), "line 1 is not the header of a run: the beginning is missing"],
    [
      "a missing line",
      join(lines.toSpliced(9, 2)),
      "line 10 has number 12 where 10 is due: lines before it are missing",
    ],
    [
      "a repeated line",
      join(lines.toSpliced(9, 0, lines[8] ?? "")),
      "line 10 has number 9 where 10 is due: lines were reordered or repeated",
    ],
    [
      "two runs in one",
      join(lines.toSpliced(9, 1, lines[0] ?? "")),
      "line 10 is a second header: two runs were put together",
    ],
    [
      "lines after the end",
      `${text}${lines.at(-1)}\n`,
      `line ${lines.length + 1} comes after the end of the run`,
    ],
    ["no JSON", join(lines.toSpliced(9, 1, "{")), "line 10 is not JSON: it was cut short or edited"],
    ["an empty line", join(lines.toSpliced(9, 1, "")), "line 10 is empty"],
    ["no object", join(lines.toSpliced(9, 1, "7")), "line 10 has no kind"],
    [
      "an unknown kind",
      edited(10, (entry) => ({ ...entry, kind: "rumour" })),
      'line 10 has the unknown kind "rumour"',
    ],
    ["an unknown key", edited(10, (entry) => ({ ...entry, note: 1 })), 'line 10 has the unknown key "note"'],
    [
      "an unknown key deep inside",
      edited(2, (entry) => ({
        ...entry,
        data: {
          ...(entry.data as object),
          pullPath: { mirrors: [], proxies: [], preferOffline: null, hostsFiles: [], cache: true },
        },
      })),
      'line 2 has the unknown key "data.pullPath.cache"',
    ],
  ])("says what is wrong: %s", (_, broken, problem) => {
    expect(problems(broken)[0]).toBe(problem);
  });

  it("says which value does not fit", () => {
    const broken = edited(2, (entry) => ({
      ...entry,
      data: { ...(entry.data as object), swarmNodes: "one" },
    }));
    expect(problems(broken)).toEqual([
      expect.stringMatching(/^line 2 does not fit its kind environment: data\.swarmNodes: /),
    ]);
  });

  it("reads no evidence of another version", () => {
    const newer = edited(1, (entry) => ({
      ...entry,
      data: { ...(entry.data as object), evidenceVersion: 2 },
    }));
    expect(parseEvidence(newer, true)).toEqual({
      entries: [],
      problems: ["line 1 has evidence of version 2, and this pullproof reads version 1"],
    });
  });

  it("reports each place once, not every line after it", () => {
    const last = entries.at(-1) as Entry;
    expect(
      problems(join([...lines.slice(0, 20), ...lines.slice(22, -1), JSON.stringify(last)])),
    ).toHaveLength(1);
  });
});

describe("manifest", () => {
  const [a, b] = ["a".repeat(64), "b".repeat(64)];
  const manifest = new Map([
    ["evidence.jsonl", a],
    ["charts/bytes.svg", b],
  ]);

  it("is what sha256sum writes, and reads it back", () => {
    expect(renderManifest(manifest)).toBe(`${a}  evidence.jsonl\n${b}  charts/bytes.svg\n`);
    expect(parseManifest(renderManifest(manifest))).toEqual(manifest);
  });

  it.each([
    `${a} evidence.jsonl\n`,
    `${a}  evidence.jsonl`,
    `${a}  evidence.jsonl\n${b}  evidence.jsonl\n`,
    `${a.toUpperCase()}  evidence.jsonl\n`,
  ])("is refused when it is none: %j", (broken) => {
    expect(parseManifest(broken)).toBeNull();
  });

  it("says which file was altered and which is missing", () => {
    expect(compareManifest(manifest, manifest)).toEqual([]);
    expect(compareManifest(manifest, new Map([["evidence.jsonl", b]]))).toEqual([
      `evidence.jsonl was altered: its SHA-256 is ${b}, the manifest has ${a}`,
      "charts/bytes.svg is missing",
    ]);
  });
});
