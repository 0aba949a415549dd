import { describe, expect, it } from "vitest";
import type { AuditResult } from "../../../src/audit/audit.ts";
import type { Finding } from "../../../src/audit/finding.ts";
import { ruleIds } from "../../../src/audit/rules.ts";
import { judge } from "../../../src/check/judge.ts";
import type { Body, Entry } from "../../../src/model/evidence.ts";
import { renderAudit } from "../../../src/report/audit.ts";
import { waiverList } from "../../../src/report/audit-section.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { renderSarif } from "../../../src/report/sarif.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

const finding = (changes: Partial<Finding> = {}): Finding => ({
  rule: "PP101",
  severity: "error",
  file: "scripts/janitor.sh",
  line: 3,
  excerpt: "docker image prune -af",
  waiver: null,
  ...changes,
});
const result = (...findings: Finding[]): AuditResult => ({
  paths: ["scripts"],
  files: 2,
  skipped: [],
  findings,
});

describe("renderAudit", () => {
  const long = finding({ file: `${"deep/".repeat(30)}a.sh`, excerpt: "x ".repeat(90) });

  it.each([40, 80, 100, 200])("fits a table into %i columns, or does without one", (width) => {
    const table = renderAudit(result(long), width)
      .split("\n")
      .filter((line) => /[│┌└]/.test(line));
    expect(table.length > 0).toBe(width >= 80);
    for (const line of table) expect(line.length).toBeLessThanOrEqual(width);
  });

  it("explains each rule once, and none whose findings are all waived", () => {
    const waived = finding({ rule: "PP301", waiver: { reason: "a builder", until: "2027-01-31" } });
    const text = renderAudit(result(finding(), finding({ line: 9 }), waived), 120);
    expect(text.match(/^PP101 /gm)).toHaveLength(1);
    expect(text).not.toMatch(/^PP301 /m);
    expect(text).toMatch(/waived.*PP301.*a builder, until/s);
    expect(text).toMatch(/^scripts: 2 errors, 1 waived in 2 files$/m);
  });
});

describe("renderSarif", () => {
  const waived = finding({
    rule: "PP103",
    severity: "warning",
    waiver: { reason: "a builder", until: null },
  });
  const hostile = finding({ file: "a b/%2e#?\n|<x>ü.sh", excerpt: "\u001b[2J" });
  const log = JSON.parse(renderSarif([finding(), waived, hostile], "1.2.3"));
  const [run] = log.runs;

  it("has what SARIF 2.1.0 requires of a log, a run, a tool and its rules", () => {
    expect(log).toMatchObject({
      version: "2.1.0",
      $schema: expect.stringMatching(/^https:.*sarif.*2\.1\.0/),
    });
    expect(log.runs).toHaveLength(1);
    const { driver } = run.tool;
    expect(driver).toMatchObject({ name: "pullproof", semanticVersion: "1.2.3" });
    expect(driver.rules.map(({ id }: { id: string }) => id)).toEqual(ruleIds);
    for (const rule of driver.rules) {
      for (const text of [rule.shortDescription, rule.fullDescription, rule.help])
        expect(text.text).not.toBe("");
      expect(["error", "warning", "note"]).toContain(rule.defaultConfiguration.level);
    }
  });

  it("has a message, a level, a rule and a place for each result", () => {
    expect(run.results).toHaveLength(3);
    for (const one of run.results) {
      expect(one.message.text).not.toBe("");
      expect(run.tool.driver.rules[one.ruleIndex].id).toBe(one.ruleId);
      const [{ physicalLocation }] = one.locations;
      expect(physicalLocation.region.startLine).toBe(3);
    }
    expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe("scripts/janitor.sh");
    expect(run.results.map(({ level }: { level: string }) => level)).toEqual(["error", "warning", "error"]);
  });

  it("suppresses what is waived, and says why", () => {
    expect(run.results[0].suppressions).toEqual([]);
    expect(run.results[1].suppressions).toEqual([
      { kind: "inSource", status: "accepted", justification: "a builder" },
    ]);
  });

  it("names a file by a URI, whatever it is called", () => {
    const { uri } = run.results[2].locations[0].physicalLocation.artifactLocation;
    expect(uri).toMatch(/^[\w%.()!~*'/-]+$/);
    expect(decodeURIComponent(uri)).toBe(hostile.file);
    const [absolute] = JSON.parse(renderSarif([finding({ file: "/srv/a b.sh" })], "1")).runs[0].results;
    expect(new URL(absolute.locations[0].physicalLocation.artifactLocation.uri).pathname).toBe(
      "/srv/a%20b.sh",
    );
  });
});

describe("a report's section on the audit", () => {
  const run = simulate({ scenarios: [chain()] });
  const audit: Body<"audit"> = {
    paths: ["scripts"],
    files: 2,
    skipped: [{ reason: "documentation", count: 4 }],
    findings: [
      finding({ severity: "note", rule: "PP204", file: "n.sh" }),
      finding({ file: "a|b\n## x.sh", excerpt: "`x` | <b>" }),
      finding({ waiver: { reason: "a [builder](x)", until: "2027-01-31" }, file: "w.sh" }),
    ],
    documents: {
      paths: ["docs"],
      files: [{ path: "docs/a_b.md", sha256: "f".repeat(64), namesCommand: true }],
    },
  };
  const report = (data?: Body<"audit">) => {
    const [header, ...rest] = run;
    const line = { ...header, seq: 2, kind: "audit", source: "audit", data } as Entry;
    const entries = data === undefined ? run : [header as Entry, line, ...rest];
    return renderReport({ entries, judgement: judge(entries), evidenceHash: "0".repeat(64), linkPrefix: "" });
  };
  const section = (data?: Body<"audit">) =>
    report(data)
      .split(/^## /m)
      .find((part) => part.startsWith("Audit")) ?? null;

  it("is there only where a run was told of code or documents", () => {
    expect(section()).toBeNull();
    expect(section(audit)).toMatch(
      /`scripts`: 1 error, 1 note, 1 waived in 2 files; skipped: 4 documentation/,
    );
    expect(section({ ...audit, paths: [], files: 0, findings: [] })).toMatch(
      /^Audit\n\nDocuments under `docs`: 1 of 1/,
    );
  });

  it("lists what counts first, and names and lines as data", () => {
    const rows =
      section(audit)
        ?.split("\n")
        .filter((line) => /^\| (error|note|waived)/.test(line)) ?? [];
    expect(rows.map((row) => row.split(" | ")[0])).toEqual(["| error", "| note", "| waived"]);
    expect(rows[0]).toContain("a\\|b \\#\\# x.sh:3");
    expect(rows[0]).not.toContain("<b>");
    expect(rows[2]).toContain("a \\[builder\\](x), until 2027-01-31");
  });

  it("gives the review each waiver with its reason", () => {
    const [header] = run;
    const entry = { ...header, kind: "audit", data: audit } as Extract<Entry, { kind: "audit" }>;
    expect(waiverList(entry)).toBe("- PP101 at w.sh:3: a \\[builder\\](x), until 2027-01-31");
    expect(waiverList({ ...entry, data: { ...audit, findings: [] } })).toBe("None.");
    expect(waiverList(undefined)).toBe("None.");
  });

  it("names the documents with their hashes, and the options that make the run again", () => {
    expect(section(audit)).toContain(`| docs/a\\_b.md | \`${"f".repeat(64)}\` |`);
    expect(report(audit)).toMatch(/npm run verify -- .*--audit scripts --documents docs/);
  });
});
