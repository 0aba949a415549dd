import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { summarize } from "../../../src/nightly/summary.ts";
import { asLive } from "../../support/as-live.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

const run = simulate({ scenarios: [chain()] });
const summaryOf = (entries: typeof run) => summarize(entries, judge(entries));

describe("a night on a live host", () => {
  it("compares the same layers and manifest GETs, by the store and the budgets, as a ledger would have it", () => {
    const [byLedger, byHost] = [summaryOf(run), summaryOf(asLive(run))];
    expect(byHost.redeploys.length).toBeGreaterThan(1);
    expect(byHost.redeploys).toEqual(byLedger.redeploys);
    expect(byHost.redeploys.every(({ manifestGets }) => (manifestGets ?? 0) > 0)).toBe(true);
  });

  it("compares the times of its warm deploys", () => {
    const { warmDeploys, redeploys } = summaryOf(asLive(run));
    expect(warmDeploys).toHaveLength(redeploys.length);
  });
});
