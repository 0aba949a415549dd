import { describe, expect, it } from "vitest";
import { type ReviewState, reasonsAgainstDone, type StoredState } from "../../../src/check/done.ts";
import { claimIds } from "../../../src/model/claim.ts";
import { severity, type Verdict, type VerdictWord } from "../../../src/model/verdict.ts";

const day = 24 * 60 * 60 * 1000;
const begin = Date.parse("2026-11-01T12:00:00Z");
const hash = "ab".repeat(32);

const claim = (id: Verdict["id"], verdict: VerdictWord = "pass"): Verdict => ({
  id,
  verdict,
  expected: "",
  found: `the finding on ${id}`,
  evidence: [],
  remedy: `the remedy for ${id}`,
  hosts: [],
});

const control = { id: "control-no-auth", claims: ["PC2.1" as const], caught: true, verdicts: [] };

const sound: StoredState = {
  sealed: true,
  problems: [],
  evidenceHash: hash,
  asAttached: true,
  judgement: { overall: "pass", claims: claimIds.map((id) => claim(id)), controls: [control] },
  begin,
  end: begin + 600_000,
};

const state = (changes: Partial<StoredState> = {}): ReviewState => ({
  file: "REVIEW-2pc.md",
  attached: { folder: "reports/run", evidenceHash: hash },
  run: { ...sound, ...changes },
});

const reasons = (changes: Partial<StoredState> = {}, now = begin + day, maxAgeDays = 30) =>
  reasonsAgainstDone(state(changes), { now, maxAgeDays });

describe("a review", () => {
  it("is done with a run that is sound, young, and passes everything", () => {
    expect(reasons()).toEqual([]);
  });

  it("is not done without a run", () => {
    const none = { ...state(), attached: null, run: null };
    expect(reasonsAgainstDone(none, { now: begin, maxAgeDays: 30 })).toEqual([
      { what: expect.stringContaining("no run"), next: expect.stringContaining("pullproof attach") },
    ]);
  });

  it("is not done with a run that cannot be read", () => {
    const lost = { ...state(), run: "the folder is not there" };
    const [reason, ...others] = reasonsAgainstDone(lost, { now: begin, maxAgeDays: 30 });
    expect(reason).toMatchObject({
      what: "the folder is not there",
      next: expect.stringContaining("reports/run"),
    });
    expect(others).toEqual([]);
  });

  it.each<[string, Partial<StoredState>, RegExp]>([
    ["was cut short", { sealed: false }, /cut short/],
    ["was altered", { problems: ["report.md was altered"] }, /report\.md was altered/],
    ["has other evidence", { evidenceHash: "cd".repeat(32) }, /abab.*cdcd/],
    ["says something else than the document", { asAttached: false }, /between the markers/],
  ])("is not done with a run that %s, and nothing is said of its verdicts", (_, changes, what) => {
    const judgement = { ...sound.judgement, claims: claimIds.map((id) => claim(id, "fail")) };
    expect(reasons({ judgement, ...changes }, begin + 1000 * day)).toEqual([
      { what: expect.stringMatching(what), next: expect.stringMatching(/attach/) },
    ]);
  });

  it.each(
    claimIds.flatMap((id) => severity.filter((word) => word !== "pass").map((word) => [id, word] as const)),
  )("is not done while %s is %s", (id, word) => {
    const claims = claimIds.map((each) => claim(each, each === id ? word : "pass"));
    expect(reasons({ judgement: { ...sound.judgement, claims } })).toEqual([
      {
        what: expect.stringMatching(new RegExp(`^${id.replace(".", "\\.")} .*${word}: the finding on ${id}`)),
        next: `the remedy for ${id}`,
      },
    ]);
  });

  it("is not done while a claim has no verdict at all", () => {
    const claims = sound.judgement.claims.filter(({ id }) => id !== "G4");
    expect(reasons({ judgement: { ...sound.judgement, claims } })).toEqual([
      { what: expect.stringMatching(/^G4 .*not judged/), next: expect.stringContaining("npm run verify") },
    ]);
  });

  it.each([
    ["none of which was in the run", []],
    ["one of which was not caught", [control, { ...control, id: "control-prune-all", caught: false }]],
  ])("is not done without its controls, %s", (_, controls) => {
    const [reason, ...others] = reasons({ judgement: { ...sound.judgement, controls } });
    expect(reason?.what).toMatch(controls.length === 0 ? /no controls/ : /not caught: control-prune-all/);
    expect(others).toEqual([]);
  });

  it("is done as long as the run is young enough, counted from its beginning", () => {
    expect(reasons({}, begin + 30 * day)).toEqual([]);
    expect(reasons({}, begin + 30 * day + 1)).toEqual([
      { what: expect.stringContaining("30.0 days old"), next: expect.stringContaining("--max-age") },
    ]);
    expect(reasons({}, begin + 30 * day + 1, 31)).toEqual([]);
    expect(reasons({}, begin + day, 0.5)).toHaveLength(1);
  });

  it.each([
    ["begins", { begin: begin + 2 * day, end: begin + 2 * day }],
    ["ends", { end: begin + 2 * day }],
  ])("is not done with a run that %s in the future: some clock is wrong", (_, times) => {
    expect(reasons(times)).toEqual([
      { what: expect.stringMatching(/86400 seconds in the future/), next: expect.stringContaining("clock") },
    ]);
  });

  it("does not mind a clock that is seconds off", () => {
    expect(reasons({}, sound.end - 5_000)).toEqual([]);
  });
});
