import { expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { remedies } from "../../../src/report/sentences.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { withHeader } from "../../support/stored-run.ts";

const run = simulate({ scenarios: [chain()] });

it("says what to do about a claim that was asked for and skipped, which is why the run does not pass", () => {
  const judgement = judge(withHeader(run, { claims: ["PC1.5", "PC3.1"] }));
  expect(judgement.overall).toBe("skipped");
  expect(remedies(judgement)).toEqual([{ claims: ["PC1.5"], remedy: expect.stringContaining("--audit") }]);
});

it("says nothing of claims that nobody asked for", () => {
  expect(remedies(judge(withHeader(run, { claims: ["PC3.1"] })))).toEqual([]);
});
