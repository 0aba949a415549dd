import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/check/random.ts";
import { cliffsDelta, medianOf, ratioOfMedians } from "../../../src/check/statistics.ts";
import { pullSecondsOf } from "../../../src/check/timing.ts";
import type { EntryOf } from "../../../src/model/evidence.ts";
import { amend } from "../../support/edit.ts";
import { chain, timing } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const timed = simulate({ scenarios: [chain(), timing()] });
const isWarm = /^warm/;

describe("PC3.2", () => {
  it("passes when cold takes longer, with interval, effect and number of samples", () => {
    const { verdict, found } = verdictOf(timed, "PC3.2");
    expect(verdict).toBe("pass");
    expect(found).toMatch(/cold deploys take \d\.\d\d times \(\d\.\d\d to \d\.\d\d\)/);
    expect(found).toContain("Cliff's delta 1.00; 5 cold and 5 warm samples");
  });

  it("fails when warm deploys are slower", () => {
    const slow = timed.map((entry) =>
      entry.kind === "outcome" && isWarm.test(entry.step ?? "")
        ? { ...entry, data: { ...entry.data, seconds: 30 } }
        : entry,
    );
    expect(verdictOf(slow, "PC3.2").verdict).toBe("fail");
  });

  it("is inconclusive when the interval holds 1", () => {
    const same = amend(
      timed,
      { kind: "outcome", that: ({ services }) => services.length > 0 },
      ({ seconds }) => ({
        seconds: 5 + (seconds % 0.01),
      }),
    );
    const even = same.map((entry) =>
      entry.kind === "outcome" ? { ...entry, data: { ...entry.data, seconds: 5 } } : entry,
    );
    expect(verdictOf(even, "PC3.2").verdict).toBe("inconclusive");
  });

  it("says how many samples there are, and how to get more", () => {
    expect(verdictOf(simulate({ scenarios: [chain(), timing(1)] }), "PC3.2")).toMatchObject({
      verdict: "inconclusive",
      found: "2 cold and 2 warm samples",
      remedy: expect.stringContaining("--samples"),
    });
  });

  it("does not count a warm deploy that fetched layers, nor one that failed", () => {
    const failed = amend(timed, { kind: "outcome", step: "cold-2" }, () => ({ status: "fail" as const }));
    expect(verdictOf(failed, "PC3.2").found).toContain("4 cold and 5 warm samples (1 not usable: cold-2)");
    const mixed = amend(
      timed,
      { kind: "request", step: "warm-3", that: ({ media }) => media === "config" },
      () => ({
        media: "layer" as const,
      }),
    );
    expect(verdictOf(mixed, "PC3.2").found).toContain("not usable: warm-3");
  });
});

describe("pullSecondsOf", () => {
  const request = (start: number, end: number) => ({ data: { start, end } }) as EntryOf<"request">;

  it("counts time in which requests overlap once", () => {
    expect(
      pullSecondsOf([request(0, 1000), request(500, 1500), request(3000, 3500), request(3100, 3200)]),
    ).toBe(2);
  });

  it("does not depend on the order of the ledger, which is that of the ends", () => {
    expect(pullSecondsOf([request(400, 500), request(0, 1000)])).toBe(1);
  });
});

describe("statistics", () => {
  it("gives the same interval for the same seed", () => {
    const ratio = () => ratioOfMedians([5, 6, 7.5, 9.1, 12], [1, 2, 2.3, 3.1, 4.7], "a");
    expect(ratio()).toEqual(ratio());
    expect(medianOf([1, 2, 3, 5, 8], "a")).toEqual(medianOf([1, 2, 3, 5, 8], "a"));
  });

  it("draws from the whole range, by the seed", () => {
    const draws = (seed: string) => Array.from({ length: 1000 }, seededRandom(seed));
    expect(draws("a")).toEqual(draws("a"));
    expect(draws("a")).not.toEqual(draws("b"));
    expect(Math.min(...draws("a"))).toBeGreaterThanOrEqual(0);
    expect(Math.min(...draws("a"))).toBeLessThan(0.01);
    expect(Math.max(...draws("a"))).toBeGreaterThan(0.99);
    expect(Math.max(...draws("a"))).toBeLessThan(1);
  });

  it("encloses the estimate", () => {
    const { value, low, high } = ratioOfMedians([10, 11, 12, 13], [1, 2, 3, 4], "seed");
    expect(value).toBeCloseTo(11.5 / 2.5);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  });

  it("orders samples by Cliff's delta", () => {
    expect(cliffsDelta([5, 6], [1, 2])).toBe(1);
    expect(cliffsDelta([1, 2], [5, 6])).toBe(-1);
    expect(cliffsDelta([1, 2], [1, 2])).toBe(0);
  });
});
