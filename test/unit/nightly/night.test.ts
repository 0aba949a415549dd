import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Body, Entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import type { Judgement } from "../../../src/model/verdict.ts";
import type { Compared } from "../../../src/nightly/compare.ts";
import {
  exitCodeOfNight,
  isGood,
  judgeNight,
  type NightInput,
  regressions,
} from "../../../src/nightly/night.ts";
import { amend, without } from "../../support/edit.ts";
import { quietNight, summaryOf } from "../../support/nights.ts";
import { withHeader } from "../../support/stored-run.ts";

const before = quietNight(1);

/** How a night is judged after a good one. */
function comparing(
  entries: readonly Entry[],
  stored: readonly Entry[] = before,
  input: Partial<NightInput> = {},
) {
  return judgeNight({
    tonight: summaryOf(entries),
    judgement: judge(entries),
    before: [{ name: "before", summary: summaryOf(stored), good: true, record: null }],
    removals: [],
    beginAnew: false,
    ...input,
  });
}

/** A night with claims that this version cannot judge. */
const open = (night: number) =>
  withHeader(quietNight(night), { claims: ["PC1.1", "PC1.4", "PC1.5", "PC3.1", "PC3.4"] });

describe("a night", () => {
  it("that is as the good one before is compared with it, and ends with 0", () => {
    const night = comparing(quietNight(2));
    expect(night).toMatchObject({ good: true, exitCode: 0, notes: [] });
    expect(night.comparedWith).toBe(summaryOf(before).run);
    expect(new Set(night.compared.map(({ kind }) => kind))).toEqual(
      new Set(["verdict", "layer bytes", "manifest GETs", "time"]),
    );
  });

  it("without a good one before goes by its own verdicts, and begins a baseline", () => {
    const first = comparing(open(2), before, { before: [] });
    expect(first).toMatchObject({
      comparedWith: null,
      compared: [],
      good: true,
      exitCode: ExitCode.inconclusive,
    });
    expect(first.newBaseline).toEqual(["verdicts, bytes and requests", "times"]);
    expect(first.notes.join()).toMatch(/no good run to compare with/);
  });

  it("is not held to what was skipped before, and says that it is open still", () => {
    const night = comparing(open(2), open(1));
    expect(night).toMatchObject({ exitCode: 0, good: true });
    expect(night.notes.join()).toMatch(/open as in the last good run: PC1\.5 skipped, PC3\.4 skipped/);
  });

  it("that lost sight of what was known is no longer sure, ends with 2, and is no reference", () => {
    const blind = without(quietNight(2), { kind: "interface" });
    const night = comparing(blind);
    expect(night).toMatchObject({ good: false, exitCode: ExitCode.inconclusive });
    const unsure = regressions(night.compared);
    expect(unsure.every(({ change }) => change === "unsure")).toBe(true);
    expect(new Set(unsure.map(({ kind }) => kind))).toEqual(new Set(["verdict", "layer bytes"]));
  });

  it("whose instrument is broken ends with 70, whatever else there is", () => {
    const controls = (entries: readonly Entry[]) =>
      withHeader(entries, {
        scenarios: (entries[0] as Extract<Entry, { kind: "run" }>).data.scenarios.map((scenario, index) =>
          index === 1 ? { ...scenario, control: true } : scenario,
        ),
      });
    const night = comparing(controls(quietNight(2)), controls(before));
    expect(night).toMatchObject({ good: false, exitCode: ExitCode.internal });
    expect(regressions(night.compared)).toMatchObject([{ kind: "control", before: "caught" }]);
  });

  it("on which a claim fails is no reference, though nothing was compared", () => {
    const failing = amend(quietNight(2), { kind: "inventory", step: "teardown-2" }, () => ({
      volumes: ["notebook_data"],
    }));
    const night = comparing(failing, before, { beginAnew: true });
    expect(night).toMatchObject({ compared: [], good: false, exitCode: ExitCode.fail });
  });

  it("that was asked to begin anew is compared with nothing", () => {
    const night = comparing(quietNight(2), before, { beginAnew: true });
    expect(night).toMatchObject({ comparedWith: null, compared: [], good: true });
    expect(night.notes.join()).toMatch(/new baseline was asked for/);
  });
});

describe("runs that are not comparable", () => {
  const changed = (change: (engine: Body<"environment">) => Partial<Body<"environment">>) =>
    amend(quietNight(2), { kind: "environment" }, change);

  it.each<[string, Entry[], RegExp]>([
    [
      "another engine",
      changed(({ engine }) => ({ engine: { ...engine, version: "29.1.0" } })),
      /engine of lab: 26\.1\.5 then, 29\.1\.0 now/,
    ],
    [
      "another image store",
      changed(({ engine }) => ({ engine: { ...engine, imageStore: "containerd" } })),
      /image store of lab: graphdriver\/overlay2 then, containerd\/overlay2 now/,
    ],
    [
      "another deployer",
      changed(({ deployer }) => ({ deployer: { ...deployer, name: "abra" } })),
      /deployer of lab: stack .* then, abra .* now/,
    ],
    ["another kind of host", withHeader(quietNight(2), { hosts: ["live"] }), /hosts: unknown then, live now/],
    [
      "another recipe",
      withHeader(quietNight(2), { recipe: { name: "courier", images: {} } }),
      /recipe: notebook .* then, courier/,
    ],
    ["another seed", withHeader(quietNight(2), { seed: "x" }), /seed: seed then, x now/],
    ["other claims", withHeader(quietNight(2), { claims: ["PC2.1"] }), /claims: PC1\.1.* then, PC2\.1 now/],
    ["another plan", withHeader(quietNight(2), { scenarios: [] }), /plan: another than then/],
  ])("say so and begin anew: %s", (_, entries, words) => {
    const night = comparing(entries);
    expect(night.comparedWith).toBeNull();
    expect(night.newBaseline).toContain("verdicts, bytes and requests");
    expect(night.notes.join("\n")).toMatch(/not comparable/);
    expect(night.notes.join("\n")).toMatch(words);
  });

  it("on another machine are compared by all but times", () => {
    const night = comparing(changed(({ engine }) => ({ engine: { ...engine, cpus: 8 } })));
    expect(night.newBaseline).toEqual(["times"]);
    expect(night.comparedWith).not.toBeNull();
    expect(night.notes.join()).toMatch(/new baseline for times: machine of lab: 2 CPUs.* then, 8 CPUs/);
  });

  it("do not hide the last comparable one behind them", () => {
    const other = changed(({ engine }) => ({ engine: { ...engine, version: "29.1.0" } }));
    const night = comparing(quietNight(3), before, {
      before: [before, other].map((entries) => ({
        name: summaryOf(entries).run,
        summary: summaryOf(entries),
        good: true,
        record: null,
      })),
    });
    expect(night.comparedWith).toBe(summaryOf(before).run);
    expect(night.notes.join()).toMatch(/the latest good run, is not comparable: engine of lab: 29/);
  });
});

describe("exitCodeOfNight", () => {
  const judged = (overall: Judgement["overall"]): Judgement => ({ overall, claims: [], controls: [] });
  const row = (change: Compared["change"]): Compared => ({
    kind: "verdict",
    subject: "PC1.1",
    before: "pass",
    tonight: "pass",
    change,
  });

  it.each<[Judgement["overall"], Compared["change"][], string | null, number]>([
    ["pass", ["same"], "a run", 0],
    ["skipped", ["same", "better"], "a run", 0],
    ["inconclusive", ["same", "new"], "a run", 0],
    ["inconclusive", ["unsure"], "a run", 2],
    ["pass", ["worse"], "a run", 1],
    ["inconclusive", ["unsure", "worse"], "a run", 1],
    ["fail", ["same"], "a run", 1],
    ["error", ["same"], "a run", 70],
    ["error", ["worse"], null, 70],
    ["pass", [], null, 0],
    ["inconclusive", [], null, 2],
    ["skipped", [], null, 2],
    ["fail", [], null, 1],
    ["pass", ["worse"], null, 1],
  ])("of a run that is %s, with %j since %s, is %i", (overall, changes, comparedWith, code) => {
    expect(exitCodeOfNight(judged(overall), { compared: changes.map(row), comparedWith })).toBe(code);
  });

  it("is never 0 for a night that is not good", () => {
    for (const overall of ["pass", "skipped", "inconclusive", "fail", "error"] as const)
      for (const change of ["same", "worse", "unsure", "better", "new"] as const)
        for (const comparedWith of [null, "a run"]) {
          const compared = [row(change)];
          if (!isGood(judged(overall), compared))
            expect(exitCodeOfNight(judged(overall), { compared, comparedWith })).not.toBe(0);
        }
  });
});
