import { describe, expect, it } from "vitest";
import type { VerdictWord } from "../../../src/model/verdict.ts";
import { compare } from "../../../src/nightly/compare.ts";
import type { RunSummary } from "../../../src/nightly/summary.ts";
import { quietNight, summaryOf } from "../../support/nights.ts";
import { simulate } from "../../support/simulation.ts";

const good = summaryOf(quietNight(1));
const tonight = summaryOf(quietNight(2));

const against = (run: RunSummary, before: RunSummary[] = [good]) =>
  compare(run, { good: before, timed: before, last: null, removals: [] });

const withVerdict = (run: RunSummary, verdict: VerdictWord): RunSummary => ({
  ...run,
  claims: [{ id: "PC1.1", verdict }],
});

describe("compare", () => {
  it.each<[VerdictWord, VerdictWord, string]>([
    ["pass", "pass", "same"],
    ["pass", "skipped", "unsure"],
    ["pass", "inconclusive", "unsure"],
    ["skipped", "inconclusive", "unsure"],
    ["pass", "error", "worse"],
    ["pass", "fail", "worse"],
    ["inconclusive", "fail", "worse"],
    ["inconclusive", "pass", "better"],
    ["inconclusive", "inconclusive", "same"],
  ])("calls a claim that was %s and is %s %s", (before, now, change) => {
    const [row] = against(withVerdict(tonight, now), [withVerdict(good, before)]);
    expect(row).toMatchObject({ kind: "verdict", before, tonight: now, change });
  });

  it("does not forget a redeploy that tonight's evidence does not show", () => {
    const rows = against({ ...tonight, redeploys: tonight.redeploys.slice(1) });
    const missing = good.redeploys[0]?.name;
    expect(rows.filter(({ subject }) => subject === missing)).toMatchObject([
      { kind: "layer bytes", tonight: "unknown", change: "unsure" },
      { kind: "manifest GETs", tonight: "unknown", change: "unsure" },
    ]);
  });

  it("holds a redeploy to the most that any good run had", () => {
    const withGets = (run: RunSummary, manifestGets: number): RunSummary => ({
      ...run,
      redeploys: [{ name: "redeploy", layerBytes: 0, manifestGets }],
    });
    const before = [withGets(good, 4), withGets(good, 3)];
    const change = (gets: number) =>
      against(withGets(tonight, gets), before).find(({ kind }) => kind === "manifest GETs")?.change;
    expect([3, 4, 5].map(change)).toEqual(["better", "same", "worse"]);
  });

  it("does not know the time of a night whose deploys cannot count, where it was known before", () => {
    const timesOf = (run: RunSummary, nights: number) =>
      against(run, Array(nights).fill(good)).filter(({ kind }) => kind === "time");
    const blind = { ...tonight, warmDeploys: tonight.warmDeploys.slice(0, 2), warmPulls: [] };
    expect(timesOf(blind, 3).map(({ change }) => change)).toEqual(["unsure", "unsure"]);
    expect(timesOf(blind, 2).map(({ change }) => change)).toEqual(["new", "new"]);
  });
});

describe("a summary", () => {
  it("leaves out what controls did: they are meant to break things", () => {
    const { redeploys, uncaught } = summaryOf(simulate());
    expect(redeploys.length).toBeGreaterThan(0);
    expect(redeploys.filter(({ name }) => name.includes("control"))).toEqual([]);
    expect(redeploys.filter(({ layerBytes }) => layerBytes !== 0)).toEqual([]);
    expect(uncaught).toEqual([]);
  });
});
