import { describe, expect, it } from "vitest";
import type { FaultCell } from "../../../src/faults/cells.ts";
import {
  type Row,
  renderFaults,
  renderOutcomes,
  renderTable,
  unexpected,
} from "../../../src/faults/render.ts";
import { labFaults, vmFaults } from "../../../suites/faults.ts";
import { courierSettings } from "../../support/pressure-run.ts";

const cell: FaultCell = {
  outcome: "as expected",
  happened: "it broke off | and came up",
  again: { layers: 2, bytes: 2_472_064 },
  evidence: [3, 5],
};
const rows: Row[] = [
  ...labFaults(courierSettings("graphdriver")),
  ...labFaults(courierSettings("containerd")),
  ...vmFaults(courierSettings()),
].map((about) => ({ about, cell }));
const setting = {
  date: "2026-11-23",
  engines: { lab: "26.1.5", vm: "26.1.6" },
  cpus: 2,
  memoryBytes: 25e9,
};
const changed = (changes: Partial<FaultCell>) =>
  rows.map((row, index) => (index === 0 ? { ...row, cell: { ...cell, ...changes } } : row));

describe("the document of the faults", () => {
  const text = renderFaults(rows, setting);
  const lines = text.split("\n").filter((line) => line.startsWith("|"));

  it("says on what it was measured, and that all is as expected", () => {
    for (const words of ["2026-11-23", "26.1.5 (lab)", "26.1.6 (vm)", "2 cores", "25 GB"])
      expect(text).toContain(words);
    expect(text).toContain("Every outcome is as expected.");
  });

  it("has image stores and hosts side by side", () => {
    const faults = lines.slice(2).map((line) => line.split(" | ")[0]);
    const changes = faults.filter((fault, at) => fault !== faults[at - 1]);
    expect(changes).toHaveLength(new Set(faults).size);
  });

  it("has a line for each fault, with what was sent twice, and a column for every cell", () => {
    expect(lines).toHaveLength(rows.length + 2);
    const columns = lines.map((line) => line.split(/(?<!\\)\|/).length);
    expect(new Set(columns).size).toBe(1);
    for (const line of lines.slice(2)) {
      expect(line).toContain("it broke off \\| and came up");
      expect(line).toContain("| 2 | 2.5 MB |");
    }
  });

  it("leads from each fault to its cure, told apart by the tag where that decides", () => {
    const [, what = ""] = text.split("## What to do");
    for (const { about } of rows) expect(what).toContain(about.cure);
    expect(what).toMatch(/Not pulled by tag: pull by tag before deploying \(--prepull\)/);
    expect(what).toMatch(/Pulled by tag before: nothing/);
    // Two hosts, one cure.
    expect(what.split("Engine killed")).toHaveLength(2);
  });

  it("names what is not as expected, and what is not known", () => {
    const odd = changed({ outcome: "not as expected", happened: "it stayed down" });
    expect(unexpected(odd)).toEqual(["engine-kill-on-graphdriver: not as expected: it stayed down"]);
    expect(renderFaults(odd, setting)).toMatch(/\*\*Not as expected:\*\*\n\n- engine-kill/);
    expect(renderFaults(odd, setting)).toContain("| **not as expected** |");
    expect(unexpected(changed({ outcome: "cannot be told" }))).toHaveLength(1);
    expect(unexpected(rows)).toEqual([]);
  });

  it("names what was left out, such as a power cut where there was no virtual machine", () => {
    expect(text).not.toContain("Not run");
    const labs = rows.filter(({ about }) => about.kind === "lab");
    expect(renderFaults(labs, setting)).toMatch(/as expected\. Not run: power cut[^;]*\.\n/);
  });

  it("does not guess what was sent twice", () => {
    expect(renderFaults(changed({ again: null }), setting)).toContain("| ? | ? |");
    expect(renderTable(changed({ again: null }))).toContain("?");
  });
});

describe("the outcomes", () => {
  it("on a terminal fit 120 columns, a line for each", () => {
    const lines = renderTable(rows).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
    expect(lines.filter((line) => line.includes("as expected"))).toHaveLength(rows.length);
  });

  it("as JSON point to the evidence", () => {
    const read = JSON.parse(renderOutcomes(rows));
    expect(read).toHaveLength(rows.length);
    expect(read[0]).toMatchObject({
      id: "engine-kill-on-graphdriver",
      outcome: "as expected",
      again: { layers: 2 },
      evidence: [3, 5],
    });
  });
});
