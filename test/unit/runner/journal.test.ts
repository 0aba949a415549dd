import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseEvidence } from "../../../src/check/stored-run.ts";
import type { Body } from "../../../src/model/evidence.ts";
import { Journal, nowhere, type Place } from "../../../src/runner/journal.ts";
import { jsonLines } from "../../support/edit.ts";
import { simulate } from "../../support/simulation.ts";
import { tempFolder } from "../../support/temp.ts";

const lab: Place = { host: "lab", scenario: "chain", step: "prune", boot: "boot-1" };

const outcome = (output: string): Body<"outcome"> => ({
  status: "ok",
  seconds: 1,
  message: null,
  warnings: [],
  services: [],
  output,
});

/** What a journal with these secrets writes of one output, as text and as the entry that it keeps. */
function written(output: string, ...secrets: string[]): { text: string; output: string | null } {
  const path = join(tempFolder(), "evidence.jsonl");
  using journal = new Journal(path, secrets);
  journal.append("outcome", "runner", lab, outcome(output));
  const text = readFileSync(path, "utf8");
  const [entry] = journal.entries;
  expect(`${JSON.stringify(entry)}\n`).toBe(text);
  return { text, output: entry?.kind === "outcome" ? entry.data.output : null };
}

describe("Journal", () => {
  it("numbers its lines from 1, in the order and place in which they came", () => {
    const path = join(tempFolder(), "evidence.jsonl");
    using journal = new Journal(path, []);
    journal.append("fence", "events", lab, { seen: true, detail: "" });
    journal.append("gap", "images", { ...lab, step: null }, { witness: "images", reason: "x" });
    journal.append("end", "runner", nowhere, { completed: true, reason: null });
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(journal.entries);
    expect(journal.entries.map(({ seq, kind, step }) => [seq, kind, step])).toEqual([
      [1, "fence", "prune"],
      [2, "gap", null],
      [3, "end", null],
    ]);
    const [first, , last] = journal.entries;
    expect(first).toMatchObject({ ...lab, source: "events" });
    expect(last?.mono).toBeGreaterThanOrEqual(first?.mono ?? Number.POSITIVE_INFINITY);
  });

  it("writes what check reads without complaint", () => {
    const path = join(tempFolder(), "evidence.jsonl");
    const planned = simulate();
    using journal = new Journal(path, ["a secret that is not in it"]);
    for (const { kind, source, data, ...place } of planned) journal.append(kind, source, place, data);
    expect(parseEvidence(readFileSync(path, "utf8"), true)).toEqual({
      entries: journal.entries,
      problems: [],
    });
    expect(journal.entries.map(({ data }) => data)).toEqual(planned.map(({ data }) => data));
  });

  it("puts each line on disk as it comes, so that a crash loses none", () => {
    const path = join(tempFolder(), "evidence.jsonl");
    const journal = new Journal(path, []);
    journal.append("fence", "events", lab, { seen: true, detail: "" });
    expect(readFileSync(path, "utf8")).toBe(jsonLines(journal.entries));
    journal[Symbol.dispose]();
    expect(() => journal.append("fence", "events", lab, { seen: true, detail: "" })).toThrow();
  });

  it("never writes to evidence that is there", () => {
    const path = join(tempFolder(), "evidence.jsonl");
    writeFileSync(path, "theirs\n");
    expect(() => new Journal(path, [])).toThrow("EEXIST");
    expect(readFileSync(path, "utf8")).toBe("theirs\n");
  });
});

describe("a journal that is opened again", () => {
  const fence = { seen: true, detail: "" };

  /** The evidence of a run that was killed in the middle of a line, as far as `torn` goes. */
  function killed(torn: string): string {
    const path = join(tempFolder(), "evidence.jsonl");
    writeFileSync(path, `${jsonLines(simulate())}${torn}`);
    return path;
  }

  it.each([
    ["whole", ""],
    ["torn in its last line", '{"seq":99,"wall":"20'],
    ["torn in the middle of a character", "\ufffd".slice(0, 1)],
  ])("goes on with the next number where the evidence is %s", (_, torn) => {
    const path = killed(torn);
    const earlier = simulate();
    using journal = Journal.reopen(path, ["s3cret"]);
    expect(journal.entries).toEqual(earlier);
    journal.append("fence", "events", lab, { ...fence, detail: "s3cret" });
    expect(readFileSync(path, "utf8")).toBe(jsonLines(journal.entries));
    expect(journal.entries.at(-1)).toMatchObject({
      seq: earlier.length + 1,
      data: { ...fence, detail: "[redacted]" },
    });
  });

  it("is none where there is no evidence, or lines that are no entries", () => {
    expect(() => Journal.reopen(join(tempFolder(), "evidence.jsonl"), [])).toThrow("ENOENT");
    expect(() => Journal.reopen(killed("nonsense\n"), [])).toThrow(SyntaxError);
  });
});

describe("redaction", () => {
  it("replaces every secret wherever it stands, in the file and in memory", () => {
    const { text, output } = written("one s3cret, two s3cret, and t0ken", "s3cret", "t0ken");
    expect(output).toBe("one [redacted], two [redacted], and [redacted]");
    expect(text).not.toMatch(/s3cret|t0ken/);
  });

  it.each([
    ["a quote", 'pass"word'],
    ["a backslash", "pass\\word"],
    ["a newline", "pass\nword"],
    ["a control character", "pass\u0001word"],
    ["nothing but quotes", '""'],
    ["what looks like an escape", "pass\\nword"],
  ])("finds a secret with %s though JSON writes it differently", (_, secret) => {
    const { text, output } = written(`before ${secret} after`, secret);
    expect(output).toBe("before [redacted] after");
    expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  });

  it("finds a secret that a tool printed as a part of JSON", () => {
    const secret = 'pass"word\\';
    expect(written(JSON.stringify({ auth: secret }), secret).output).toBe('{"auth":"[redacted]"}');
  });

  it("leaves nothing of a secret that begins like another", () => {
    expect(written("x s3cret-long y", "s3cret", "s3cret-long").output).toBe("x [redacted] y");
  });

  it("takes an empty secret for none", () => {
    expect(written("plain", "").output).toBe("plain");
  });
});
