import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  corpusFolder,
  expectations,
  judgeCorpus,
  renderCorpus,
  scoresOf,
} from "../../../src/audit/corpus.ts";
import { renderRules } from "../../../src/report/audit-rules.ts";

const judged = await judgeCorpus();

describe("the corpus", () => {
  it("has each of its files in the index", () => {
    const files = readdirSync(corpusFolder, { recursive: true, encoding: "utf8" }).filter((path) =>
      statSync(join(corpusFolder, path)).isFile(),
    );
    expect(Object.keys(expectations()).sort()).toEqual(files.filter((path) => path !== "index.yaml").sort());
  });

  it("has findings in each positive file, and none but waived ones in a negative file", () => {
    for (const [path, expected] of Object.entries(expectations())) {
      if (path.startsWith("positive/")) expect(expected, path).not.toEqual([]);
      else
        expect(
          expected.filter((one) => !one.startsWith("(")),
          path,
        ).toEqual([]);
    }
  });

  it("is found with a precision and a recall of at least 95 %", () => {
    const { precision, recall } = scoresOf(judged);
    expect(precision).toBeGreaterThanOrEqual(0.95);
    expect(recall).toBeGreaterThanOrEqual(0.95);
  });

  it("scores as docs/audit.md says, by the rules that it names", () => {
    const document = readFileSync(new URL("../../../docs/audit.md", import.meta.url), "utf8");
    expect(document).toContain(renderCorpus(judged));
    expect(document).toContain(renderRules());
  });
});

describe("scoresOf", () => {
  const file = { path: "a", language: "shell", right: ["PP101 1"], wrong: [], missed: [] };

  it("counts findings, not files", () => {
    const wrong = { ...file, right: [], wrong: ["PP101 1", "PP101 2"], missed: ["PP102 1"] };
    const { precision, recall } = scoresOf([file, wrong]);
    expect(precision).toBeCloseTo(1 / 3);
    expect(recall).toBeCloseTo(1 / 2);
  });

  it("does not take silence for a mistake where nothing was to be found", () => {
    expect(scoresOf([{ ...file, right: [] }])).toEqual({ precision: 1, recall: 1 });
  });
});
