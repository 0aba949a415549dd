import { describe, expect, it } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { whereTimeWent } from "../../../src/report/where-time-went.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

/** A simulated run whose lines were written a second apart, each step of which took a quarter of one. */
const run = simulate({ scenarios: [chain()] }).map((entry, index): Entry => {
  const wall = new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
  return (
    entry.kind === "outcome" ? { ...entry, wall, data: { ...entry.data, seconds: 0.25 } } : { ...entry, wall }
  ) as Entry;
});

const seconds = (cell: string) => {
  const [, minutes = "0", rest] = /^(?:(\d+) min )?([\d.]+) s$/.exec(cell) ?? [];
  return Number(minutes) * 60 + Number(rest);
};
const [head = [], , ...rows] = whereTimeWent(readHistory(run), run)
  .split("\n")
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const cell = (column: string) => seconds(rows[0]?.[head.indexOf(column)] ?? "");

describe("where the time of a run went", () => {
  it("is told for each host", () => {
    expect(rows.map(([host]) => host)).toEqual([...new Set(run.flatMap(({ host }) => host ?? []))]);
  });

  it("is told by kinds of steps, and what was between them is looking on", () => {
    const steps = chain().steps;
    const times = (does: string) => steps.filter((step) => step.do === does).length;
    expect(cell("deploys")).toBe(times("deploy") / 4);
    expect(cell("teardowns")).toBe(times("teardown") / 4);
    expect(cell("restarts")).toBe(times("restart") / 4);
    const whole = cell("in all");
    const parts = head.slice(1, -1).reduce((sum, column) => sum + cell(column), 0);
    // Each is rounded by itself.
    expect(Math.abs(whole - parts)).toBeLessThan(head.length / 2);
    expect(cell("looking")).toBeGreaterThan(0);
  });
});
