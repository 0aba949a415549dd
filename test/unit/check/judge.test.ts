import { describe, expect, it } from "vitest";
import { compose, run } from "../../../src/check/checker.ts";
import { ofScenarios, readHistory } from "../../../src/check/history.ts";
import { exitCodeOf, judge } from "../../../src/check/judge.ts";
import { type ClaimId, claimIds } from "../../../src/model/claim.ts";
import type { Entry, Kind } from "../../../src/model/evidence.ts";
import { type VerdictWord, worst } from "../../../src/model/verdict.ts";
import { renderVerdicts } from "../../../src/report/verdicts.ts";
import { amend, cutBefore, onSecondHost, sideBySide, without } from "../../support/edit.ts";
import { pressureOnly, pressureRun } from "../../support/pressure-run.ts";
import { chain, controls, policies, reboots, volatileStore } from "../../support/scenarios.ts";
import { prunes } from "../../support/simulated-prune.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const clean = simulate({ reboots: true });
/** A whole run: the same, and a host beside it that is put under disk pressure. */
const whole = sideBySide(clean, pressureRun());

const passing = (entries: readonly Entry[]) =>
  judge(entries).claims.filter(({ verdict }) => verdict === "pass");

describe("judge", () => {
  it("passes every claim that it can judge on hosts that keep their cache, one of which reboots", () => {
    expect(passing(whole).map(({ id }) => id)).toEqual(
      claimIds.filter((id) => !["PC1.5", "PC3.4"].includes(id)),
    );
    expect(judge(whole).controls.map(({ caught }) => caught)).toEqual([true, true, true, true]);
  });

  it("names every claim in report order, with a reason for those that are skipped", () => {
    const { claims, overall } = judge(whole);
    expect(claims.map(({ id }) => id)).toEqual(claimIds);
    expect(overall).toBe("skipped");
    for (const { found, expected } of claims) expect([found, expected]).not.toContain("");
  });

  it("leaves out what was not asked for, of the verdict as well", () => {
    const asked = amend(clean, { kind: "run" }, () => ({ claims: ["PC2.2" as const, "PC3.1" as const] }));
    const { claims, overall } = judge(asked);
    expect(overall).toBe("pass");
    expect(claims.find(({ id }) => id === "PC1.1")).toMatchObject({
      verdict: "skipped",
      found: "not asked for",
    });
  });

  it("skips a claim that no scenario of the run is about, and tells what to leave in the run", () => {
    const asked: ClaimId[] = ["PC2.2", "PC2.3", "PC3.2"];
    const quick = simulate({ scenarios: [{ ...chain(), claims: ["PC2.2", "PC3.1"] }, volatileStore] });
    const { claims, overall } = judge(amend(quick, { kind: "run" }, () => ({ claims: asked })));
    const of = (id: ClaimId) => claims.find((claim) => claim.id === id);
    // The control is about it, and is no evidence for it.
    expect(of("PC2.3")).toMatchObject({
      verdict: "skipped",
      found: expect.stringContaining("no scenario"),
      evidence: [],
      hosts: [],
      remedy: expect.stringContaining("`--host lab,vm`"),
    });
    expect(of("PC3.2")).toMatchObject({
      verdict: "skipped",
      remedy: expect.stringMatching(/hosts and scenarios/),
    });
    expect(of("PC2.2")?.verdict).toBe("pass");
    expect(overall).toBe("skipped");
    expect(of("PC2.1")).toMatchObject({ verdict: "skipped", found: "not asked for", remedy: null });
  });

  it("judges what every scenario tells of by any of them, and by no control", () => {
    const other = simulate({ scenarios: [{ ...chain(), claims: ["PC2.2"] }] });
    expect(judge(other).claims.find(({ id }) => id === "PC2.1")?.verdict).toBe("pass");
    const alone = simulate({ scenarios: [controls.noAuth] });
    expect(judge(alone).claims.find(({ id }) => id === "PC2.1")?.verdict).toBe("skipped");
  });

  it("names the hosts whose steps were judged, in the order of their first", () => {
    const both = onSecondHost(
      simulate({ scenarios: [chain()] }),
      simulate({
        scenarios: [
          { ...reboots(), id: "others", claims: ["PC2.3"] },
          { ...controls.pruneAf, id: "c" },
        ],
      }),
    );
    const { claims, controls: caught } = judge(both);
    const hosts = (id: ClaimId) => claims.find((claim) => claim.id === id)?.hosts;
    expect(hosts("PC3.1")).toEqual(["lab"]);
    expect(hosts("PC2.3")).toEqual(["lab", "lab-2"]);
    expect(hosts("PC2.1")).toEqual(["lab", "lab-2"]);
    expect(hosts("PC1.5")).toEqual([]);
    for (const { hosts } of caught.flatMap(({ verdicts }) => verdicts)) expect(hosts).toEqual(["lab-2"]);
  });

  it("gives the same bytes for the same evidence", () => {
    const again = whole.map((entry) => structuredClone(entry));
    expect(renderVerdicts(judge(again))).toBe(renderVerdicts(judge(whole)));
  });

  it("cites evidence that exists, ascending", () => {
    const numbers = new Set(whole.map(({ seq }) => seq));
    const { claims, controls: judged } = judge(whole);
    for (const { id, evidence } of [...claims, ...judged.flatMap(({ verdicts }) => verdicts)]) {
      expect(
        evidence.every((seq) => numbers.has(seq)),
        id,
      ).toBe(true);
      expect(evidence, id).toEqual([...evidence].sort((a, b) => a - b));
    }
  });

  it("judges hosts side by side as it does one after the other", () => {
    const first = simulate({ scenarios: [chain()] });
    const second = simulate({ scenarios: Object.values(controls).slice(1) });
    const { claims } = judge(first);
    expect(judge(onSecondHost(first, second)).claims.map(({ verdict }) => verdict)).toEqual(
      claims.map(({ verdict }) => verdict),
    );
  });

  it("does not take a control's failure for the run's", () => {
    const alone = simulate({ scenarios: [chain(), controls.pruneAf] });
    expect(judge(alone).claims.filter(({ verdict }) => verdict === "fail")).toEqual([]);
  });
});

describe("controls", () => {
  it("make the run an error when one is not caught, even beside a failed claim", () => {
    const failing = simulate({ policy: policies.pruneF });
    expect(judge(failing).overall).toBe("fail");
    const kept = failing.findLast(
      (entry) => entry.kind === "images" && entry.step === "deploy-before-removal",
    );
    const missed = failing.map((entry) =>
      entry.kind === "images" && entry.step === "teardown-with-images"
        ? ({ ...kept, seq: entry.seq } as Entry)
        : entry,
    );
    const { overall, controls: judged } = judge(missed);
    expect(overall).toBe("error");
    expect(judged.filter(({ caught }) => !caught).map(({ id }) => id)).toEqual(["control-teardown-images"]);
  });

  it("are not caught without evidence, and not caught by half of their claims", () => {
    const planned = amend(simulate({ scenarios: [chain()] }), { kind: "run" }, ({ scenarios }) => ({
      scenarios: [...scenarios, controls.pruneF],
    }));
    expect(judge(planned)).toMatchObject({ overall: "error", controls: [{ caught: false }] });
    const half = simulate({ scenarios: [{ ...controls.removeImages, claims: ["PC1.4", "PC2.1"] }] });
    expect(judge(half).controls[0]?.caught).toBe(false);
  });

  it("are not caught when they name no claim, or one that they do not break", () => {
    const idle = simulate({ scenarios: [{ ...controls.pruneF, claims: [] }] });
    expect(judge(idle).controls[0]?.caught).toBe(false);
    const unbroken = simulate({ scenarios: [{ ...controls.pruneF, claims: ["PC1.5"] }] });
    expect(judge(unbroken).controls[0]?.caught).toBe(false);
  });
});

describe("missing evidence never passes", () => {
  it.each(["teardown-1", "prune", "restart", "teardown-4"])("in a run cut short before %s", (step) => {
    expect(judge(cutBefore(clean, step)).claims.filter(({ verdict }) => verdict === "pass")).toEqual([]);
  });

  it("in a run without an end, or one that says it was not completed", () => {
    const endless = without(clean, { kind: "end" });
    const interrupted = amend(clean, { kind: "end" }, () => ({ completed: false, reason: "SIGINT" }));
    for (const entries of [endless, interrupted]) {
      expect(judge(entries).claims.filter(({ verdict }) => verdict === "pass")).toEqual([]);
    }
    expect(judge(interrupted).claims.find(({ id }) => id === "PC3.1")?.found).toContain("cut short: SIGINT");
  });

  it("when one outcome of a claim's scenarios is missing", () => {
    const chainClaims = chain().claims;
    for (const { id } of chain().steps) {
      const { claims } = judge(without(clean, { kind: "outcome", step: id }));
      const passed = claims.filter((claim) => claim.verdict === "pass" && chainClaims.includes(claim.id));
      expect(passed, id).toEqual([]);
    }
  });

  /** The claims that may pass without a kind of entry, because they do not rest on it. Events only ever hint. */
  const indifferent: Partial<Record<Kind, readonly string[]>> = {
    environment: ["PC1.1", "PC1.4", "PC2.1", "PC2.2", "PC2.3", "PC2.4", "PC3.1", "PC3.2", "G1", "G2"],
    published: ["PC1.1", "PC1.4", "PC2.1", "PC3.2", "G3", "G4"],
    request: ["PC1.1", "PC1.2", "PC1.3", "PC1.4", "PC3.3"],
    images: ["PC2.1", "PC2.4", "PC3.2", "G3", "G4"],
    disk: ["PC1.4", "PC2.1", "PC2.2", "PC2.3", "PC2.4", "PC3.1", "PC3.2", "G1", "G2", "G3", "G4"],
    interface: ["PC1.1", "PC1.2", "PC1.3", "PC1.4", "PC2.1", "PC3.2", "PC3.3", "G2", "G3", "G4"],
    event: claimIds,
    fence: claimIds,
    ratelimit: claimIds.filter((id) => id !== "PC2.1"),
    clock: claimIds.filter((id) => id !== "PC2.3"),
    inventory: claimIds.filter((id) => id !== "PC1.4"),
    uses: claimIds.filter((id) => !["PC1.2", "PC1.3", "PC2.3", "PC3.3"].includes(id)),
    activity: claimIds.filter((id) => !["PC1.2", "PC1.3"].includes(id)),
    outcome: [],
    invoke: [],
    end: [],
  };
  it.each(Object.entries(indifferent) as [Kind, readonly string[]][])("of kind %s", (kind, allowed) => {
    const passed = passing(without(whole, { kind })).map(({ id }) => id);
    expect(passed.filter((id) => !allowed.includes(id))).toEqual([]);
    // And dropping what a claim does not rest on must not take its verdict away.
    expect(
      passing(whole)
        .map(({ id }) => id)
        .filter((id) => allowed.includes(id)),
    ).toEqual(passed);
  });

  const citable: Kind[] = [
    "images",
    "disk",
    "interface",
    "clock",
    "inventory",
    "uses",
    "activity",
    "outcome",
  ];

  it("of a single observation that a pass cites", () => {
    for (const { id, evidence } of passing(clean)) passOnlyWithAll(clean, id, evidence, citable);
  }, 60_000);

  const pressed = pressureRun(prunes(), { scenarios: pressureOnly() });
  const cited = passing(pressed).filter(({ id }) => ["PC1.2", "PC1.3"].includes(id));

  it.each(cited)("of a single observation that a pass under disk pressure cites: $id", ({ id, evidence }) => {
    passOnlyWithAll(pressed, id, evidence, citable);
  });

  function passOnlyWithAll(
    entries: readonly Entry[],
    id: ClaimId,
    evidence: readonly number[],
    kinds: readonly Kind[],
  ): void {
    for (const one of entries.filter(({ seq, kind }) => evidence.includes(seq) && kinds.includes(kind))) {
      const { verdict } = verdictOf(
        entries.filter((entry) => entry !== one),
        id,
      );
      expect(verdict, `${id} without #${one.seq} ${one.kind} of ${one.step}`).not.toBe("pass");
    }
  }
});

describe("exitCodeOf", () => {
  it.each<[VerdictWord, number]>([
    ["pass", 0],
    ["fail", 1],
    ["inconclusive", 2],
    ["skipped", 2],
    ["error", 70],
  ])("%s is %i", (overall, code) => {
    expect(exitCodeOf({ overall, claims: [], controls: [] })).toBe(code);
  });
});

describe("checkers", () => {
  it("that throw are an error, never a pass", () => {
    const broken = {
      id: "PC1.1" as const,
      expected: "nothing",
      check: () => {
        throw new Error("no such index");
      },
    };
    expect(run(broken, readHistory(clean))).toMatchObject({
      verdict: "error",
      found: "the checker failed: no such index",
    });
  });

  it("that find nothing to judge are inconclusive", () => {
    expect(worst([])).toBe("inconclusive");
    expect(compose([], "nothing happened")).toMatchObject({
      verdict: "inconclusive",
      found: "nothing happened",
    });
    const idle = simulate({ scenarios: [] });
    expect(judge(idle).claims.filter(({ verdict }) => verdict === "pass")).toEqual([]);
  });

  it("do not go on for ever", () => {
    const findings = Array.from({ length: 9 }, (_, n) => ({
      verdict: "fail" as const,
      found: `finding ${n}`,
      evidence: [n],
      remedy: null,
    }));
    expect(compose(findings, "")).toMatchObject({
      found: expect.stringMatching(/finding 4; and 4 more findings of the kind$/),
      evidence: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    });
  });

  it("let the worst finding speak, and it alone", () => {
    const part = (verdict: VerdictWord, seq: number) => ({
      verdict,
      found: verdict,
      evidence: [seq],
      remedy: verdict,
    });
    expect(compose([part("pass", 3), part("fail", 2), part("inconclusive", 1), part("fail", 1)], "")).toEqual(
      {
        verdict: "fail",
        found: "fail",
        evidence: [1, 2],
        remedy: "fail",
      },
    );
  });
});

describe("readHistory", () => {
  it("refuses evidence without a header", () => {
    expect(() => readHistory(clean.slice(1))).toThrow("header");
  });

  it("knows what uses images around a step, and what went on during it", () => {
    const { steps } = readHistory(whole);
    const step = steps.find(({ plan }) => plan.id === "prune-during-lock");
    expect(step?.before.uses?.data.services.map(({ name }) => name)).toEqual([
      "courier_app",
      "courier_store",
    ]);
    expect(step?.after.uses?.seq).toBeGreaterThan(step?.before.uses?.seq ?? Number.POSITIVE_INFINITY);
    expect(step?.activity?.data.name).toBe("lock");
    expect(steps.filter(({ activity }) => activity !== undefined)).toHaveLength(4);
  });

  it("gives a checker of some scenarios the time before them all the same", () => {
    const history = readHistory(whole);
    const cycles = ofScenarios(history, ({ id }) => id.startsWith("cycles"));
    expect(cycles.steps.length).toBeLessThan(history.steps.length);
    expect(cycles.timeline).toEqual(history.steps);
  });
});
