import { describe, expect, it } from "vitest";
import { fails } from "../../../src/audit/finding.ts";
import { findingsIn } from "./findings.ts";

const prune = "docker image prune -af";
/** Rule, line, and why it may stay. */
const told = (script: string, today?: string) =>
  findingsIn("shell", script, today).map(({ rule, line, waiver }) => [rule, line, waiver?.reason ?? null]);

describe("a waiver", () => {
  it("holds on its own line and on the one below, and on no other", () => {
    expect(told(`${prune} # pullproof:allow PP101 a builder`)).toEqual([["PP101", 1, "a builder"]]);
    expect(told(`# pullproof:allow PP101 a builder\n${prune}\n${prune}`)).toEqual([
      ["PP101", 2, "a builder"],
      ["PP101", 3, null],
    ]);
  });

  it("keeps its finding, which then does not fail", () => {
    const [finding] = findingsIn("shell", `${prune} # pullproof:allow PP101 until=2027-01-31 a builder`);
    expect(finding).toMatchObject({
      severity: "error",
      waiver: { reason: "a builder", until: "2027-01-31" },
    });
    expect(finding !== undefined && fails(finding)).toBe(false);
  });

  it("holds for the rules that it names", () => {
    expect(told(`# pullproof:allow PP103,PP101 a builder\n${prune}`)).toEqual([["PP101", 2, "a builder"]]);
    expect(told(`# pullproof:allow PP103 a builder\n${prune}`)).toEqual([["PP101", 2, null]]);
  });

  it("holds to the end of its last day, and is a finding after it", () => {
    const script = `# pullproof:allow PP101 until=2026-11-23 a builder\n${prune}`;
    expect(told(script, "2026-11-23")).toEqual([["PP101", 2, "a builder"]]);
    expect(told(script, "2026-11-24")).toEqual([
      ["PP902", 1, null],
      ["PP101", 2, null],
    ]);
  });

  it.each([
    ["without a reason", "pullproof:allow PP101"],
    ["without a reason after its day", "pullproof:allow PP101 until=2027-01-31"],
    ["without a rule", "pullproof:allow"],
    ["of a rule that is none", "pullproof:allow PP999 a builder"],
    ["until a day that is none", "pullproof:allow PP101 until=2027-02-30 a builder"],
    ["until something else", "pullproof:allow PP101 until=later a builder"],
  ])("%s waives nothing, and is a finding", (_, comment) => {
    expect(told(`# ${comment}\n${prune}`)).toEqual([
      ["PP901", 1, null],
      ["PP101", 2, null],
    ]);
  });

  it("is a comment of any language, and no text", () => {
    const call = 'execSync("docker image prune -af");';
    const js = (line: string) => findingsIn("javascript", line).map(({ waiver }) => waiver?.reason ?? null);
    expect(js(`// pullproof:allow PP101 a builder\n${call}`)).toEqual(["a builder"]);
    expect(js(`/* pullproof:allow PP101 a builder */\n${call}`)).toEqual(["a builder"]);
    expect(js(`log("pullproof:allow PP101 a builder");\n${call}`)).toEqual([null]);
  });
});
