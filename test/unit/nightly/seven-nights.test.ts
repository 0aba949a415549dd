import { describe, expect, it } from "vitest";
import type { Entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { type Night, regressions } from "../../../src/nightly/night.ts";
import { amend } from "../../support/edit.ts";
import { judgeNights, noisyNight, quietNight, slowWhenWarm } from "../../support/nights.ts";
import { knownPrunes } from "../../support/simulated-prune.ts";

const kinds = (night: Night | undefined) => [
  ...new Set(regressions(night?.compared ?? []).map(({ kind }) => kind)),
];

/** What may go wrong in one night, and what it must be called. */
const injected: [string, (night: number) => Entry[], string][] = [
  [
    "a teardown that leaves a volume",
    (night) =>
      amend(quietNight(night), { kind: "inventory", step: "teardown-2" }, () => ({
        volumes: ["notebook_data"],
      })),
    "verdict",
  ],
  [
    "a prune run that empties the cache",
    (night) => quietNight(night, knownPrunes["docker image prune -f"]),
    "layer bytes",
  ],
  [
    "a manifest that is asked for twice",
    (night) =>
      amend(
        quietNight(night),
        {
          kind: "request",
          step: "warm-2",
          that: ({ endpoint, method }) => endpoint === "manifest" && method === "HEAD",
        },
        () => ({ method: "GET" }),
      ),
    "manifest GETs",
  ],
  [
    "warm deploys that take two and a half times as long",
    (night) => slowWhenWarm(quietNight(night), 2.5),
    "time",
  ],
];

describe("seven nights", { timeout: 60_000 }, () => {
  it.each(injected)("show %s on its night, and on no other", (_, bad, kind) => {
    const nights = [1, 2, 3, 4, 5, 6, 7].map((night) =>
      noisyNight(night, "seven", night === 6 ? bad(night) : quietNight(night)),
    );
    const judged = judgeNights(nights);
    expect(judged.map((night) => regressions(night.compared).length > 0)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((night) => night === 6),
    );
    expect(kinds(judged[5])).toContain(kind);
    expect(judged.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, ExitCode.fail, 0]);
    // The bad night is no reference for the next.
    expect(judged[6]?.comparedWith).toBe(judged[4]?.summary.run);
  });

  it("are measured by a new baseline from there on, and by nothing before it", () => {
    const slow = (night: number) => slowWhenWarm(quietNight(night), 1.6);
    const nights = [quietNight(1), quietNight(2), quietNight(3), quietNight(4), slow(5), slow(6), slow(7)];
    const codes = (baseline?: number) => judgeNights(nights, baseline).map(({ exitCode }) => exitCode);
    expect(codes(4)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(codes()).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it("are not excused by what was usual before a new baseline", () => {
    const thrifty = (night: number) =>
      amend(
        quietNight(night),
        {
          kind: "request",
          step: "warm-2",
          that: ({ endpoint, method }) => endpoint === "manifest" && method === "GET",
        },
        () => ({ method: "HEAD" }),
      );
    const nights = [quietNight(1), thrifty(2), quietNight(3)];
    const kindsOf = (baseline?: number) => kinds(judgeNights(nights, baseline)[2]);
    expect(kindsOf(1)).toEqual(["manifest GETs"]);
    expect(kindsOf()).toEqual([]);
  });

  it("raise nothing when they are merely noisy, verdicts included", () => {
    const quiet = [1, 2, 3, 4, 5, 6].map((night) => quietNight(night));
    const seeds = Array.from({ length: 100 }, (_, seed) => `noise ${seed}`);
    const alarms = seeds.filter((seed) =>
      judgeNights(quiet.map((entries, index) => noisyNight(index + 1, seed, entries))).some(
        ({ compared }) => regressions(compared).length > 0,
      ),
    );
    expect(alarms).toEqual([]);
  });
});
