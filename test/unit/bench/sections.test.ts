import { expect, test } from "vitest";
import { renderChain } from "../../../src/bench/chain.ts";
import { type PlanSamples, renderPlan } from "../../../src/bench/plan.ts";
import { renderPrune } from "../../../src/bench/prune.ts";

test("the chain's ratio tells what pullproof takes of what the script takes", () => {
  const text = renderChain({ pullproof: [33, 30, 90], shell: [40, 22, 20] });
  expect(text).toContain("| verify chain | 3 | 33.0 s | 30.0 s | 90.0 s |");
  expect(text).toContain("**1.50**");
});

test("a plan's row tells each arm's own times and memory, and how often the plan takes the requests", () => {
  const samples = (seconds: number[], peakBytes: number) => seconds.map((s) => ({ seconds: s, peakBytes }));
  const small: PlanSamples = {
    images: 100,
    requests: 132,
    plan: samples([0.6, 0.5, 9], 100e6),
    bare: samples([0.2, 0.1, 8], 60e6),
    start: samples([0.4, 0.7, 0.5], 90e6),
  };
  const large: PlanSamples = {
    images: 10_000,
    requests: 13_649,
    plan: samples([12, 11, 13], 300e6),
    bare: samples([10, 8, 40], 160e6),
    start: samples([0.5, 0.5, 0.6], 90e6),
  };
  const lines = renderPlan([small, large]).split("\n");
  expect(lines.filter((line) => line.startsWith("| 1"))).toEqual([
    "| 100 | 132 | 0.20 s (0.10 s – 8.00 s) | 0.60 s (0.50 s – 9.00 s) | **3.00** | 60.0 MB | 100.0 MB |",
    "| 10,000 | 13,649 | 10.0 s (8.00 s – 40.0 s) | 12.0 s (11.0 s – 13.0 s) | **1.20** | 160.0 MB | 300.0 MB |",
  ]);
  expect(lines.join("\n")).toContain("Medians of 3 rounds");
  expect(lines.join("\n")).toContain("takes 0.50 s by itself");
});

test("a prune's section tells the share of the plan, and what each removal takes", () => {
  const text = renderPrune({ pullproof: [5, 4, 6], docker: [2, 2.5, 1], plan: [1, 1.5, 0.5] });
  expect(text).toContain("**2.50**");
  expect(text).toContain("is 20 % of pullproof's run");
  // Four seconds for two hundred.
  expect(text).toContain("each removal takes 20 ms");
});
