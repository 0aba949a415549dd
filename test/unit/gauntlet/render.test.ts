import { describe, expect, it } from "vitest";
import type { Cell } from "../../../src/gauntlet/cells.ts";
import { modes } from "../../../src/gauntlet/modes.ts";
import { type Row, renderGauntlet, renderVerdictTable, unexpected } from "../../../src/gauntlet/render.ts";

const effect = { lost: 3, disk: 0.691, layerBytes: 6_002_349, manifestGets: 2 };
const cell = (changes: Partial<Cell["verdicts"]> = {}): Cell => ({
  early: effect,
  pressed: { ...effect, lost: null, layerBytes: null, disk: null },
  verdicts: { "PC1.1": "pass", "PC1.2": "fail", "PC1.3": "pass", "PC2.4": "pass", ...changes },
});
const everywhere = <T>(value: T) =>
  Object.fromEntries(modes.map(({ name }) => [name, value])) as Record<(typeof modes)[number]["name"], T>;
const row: Row = {
  title: "a | b",
  command: "a |\n b",
  about: "Does things.",
  source: "docs/prune-policy.md",
  cells: everywhere(cell()),
  expected: everywhere({ "PC1.2": "fail" }),
};
const setting = { date: "2026-11-23", engine: "26.1.5", cpus: 2, memoryBytes: 25e9 };

describe("the gauntlet's table", () => {
  it("has a line for each mode, and says that nothing is unexpected", () => {
    const text = renderGauntlet([row], setting);
    expect(unexpected([row])).toEqual([]);
    expect(text).toContain("Every verdict is as expected.");
    const lines = text.split("\n").filter((line) => line.startsWith("| `a \\| b`"));
    expect(lines).toEqual(
      modes.map(() => "| `a \\| b` | 3 | 6.0 MB | 2 | ? | ? | ? | pass | **fail** | pass | pass | yes |"),
    );
  });

  it("names what was not expected, and where", () => {
    const odd = { ...row, cells: { ...everywhere(cell()), containerd: cell({ "PC1.2": "pass" }) } };
    expect(unexpected([odd])).toEqual(["a | b on containerd: PC1.2 is pass, expected fail"]);
    expect(renderGauntlet([odd], setting)).toContain("**Not as expected:**");
    expect(renderVerdictTable([odd], 140)).toContain("!");
  });

  it("tells why a policy could not be tried", () => {
    const skipped = { ...row, cells: { skipped: "no cargo" } };
    expect(unexpected([skipped])).toEqual([]);
    expect(renderGauntlet([skipped], setting)).toContain("skipped: no cargo");
    expect(renderVerdictTable([skipped], 140)).toContain("skipped: no cargo");
  });

  it("links to the project's own documents from where it lies", () => {
    expect(renderGauntlet([row], setting)).toContain("([source](prune-policy.md))");
  });
});
