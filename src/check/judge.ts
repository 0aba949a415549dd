import { type ClaimId, claimIds, claims } from "../model/claim.ts";
import type { Entry } from "../model/evidence.ts";
import { ExitCode } from "../model/failure.ts";
import type { Scenario } from "../model/plan.ts";
import { type ControlVerdict, type Judgement, type Verdict, worst } from "../model/verdict.ts";
import { run } from "./checker.ts";
import { beyondSteps, checkers, runWide, unplanned } from "./checkers.ts";
import { shortfall } from "./completeness.ts";
import { type History, ofScenarios, readHistory } from "./history.ts";

/**
 * Judges a run. The same evidence gives the same judgement, in the same order.
 * Throws when the first entry is not the run's header: then there is nothing to judge.
 */
export function judge(entries: readonly Entry[]): Judgement {
  const history = readHistory(entries);
  const { claims: asked, scenarios } = history.run.data;
  const verdicts = claimIds.map((id) => judgeClaim(history, id));
  const controls = scenarios
    .filter(({ control }) => control)
    .map((control) => judgeControl(history, control));
  const answers = verdicts.filter(({ id }) => asked.includes(id)).map(({ verdict }) => verdict);
  // An instrument that misses what it must catch gives no verdict worth having, good or bad.
  const overall = controls.every(({ caught }) => caught) ? worst(answers) : "error";
  return { overall, claims: verdicts, controls };
}

function judgeClaim(history: History, id: ClaimId): Verdict {
  if (!history.run.data.claims.includes(id)) return skipped(id, "not asked for", null);
  const checker = checkers.find((candidate) => candidate.id === id);
  if (checker === undefined)
    return skipped(id, "nothing judges this claim", "judge it by hand until a later version does");
  const lacking = checker.lacks?.(history) ?? null;
  if (lacking !== null) return skipped(id, `not judged: ${lacking}`, unplanned[id] ?? leftOut);
  const accept = (scenario: Scenario) =>
    !scenario.control && (runWide.has(id) || scenario.claims.includes(id));
  if (!beyondSteps.has(id) && !history.run.data.scenarios.some(accept))
    return skipped(id, "not judged: no scenario of this run is about it", unplanned[id] ?? leftOut);
  const verdict = run(checker, ofScenarios(history, accept));
  if (verdict.verdict !== "pass") return verdict;
  const missing = shortfall(history, history.run.data.scenarios.filter(accept));
  if (missing === null) return verdict;
  return {
    ...verdict,
    verdict: "inconclusive",
    found: `${missing}; up to there: ${verdict.found}`,
    remedy: "run again, to the end",
  };
}

/** What to do about a claim that the plan of a run left out. */
const leftOut = "leave the hosts and scenarios that it needs in the run";

function skipped(id: ClaimId, found: string, remedy: string | null): Verdict {
  const expected = checkers.find((checker) => checker.id === id)?.expected ?? claims[id];
  return { id, verdict: "skipped", expected, found, evidence: [], remedy, hosts: [] };
}

/** A control is caught when each of the claims that it must break fails on its own steps. */
function judgeControl(history: History, control: Scenario): ControlVerdict {
  const own = ofScenarios(history, ({ id }) => id === control.id);
  const verdicts = control.claims.flatMap((id) =>
    checkers.filter((checker) => checker.id === id).map((checker) => run(checker, own)),
  );
  const caught =
    control.claims.length > 0 &&
    control.claims.every((id) => verdicts.some((verdict) => verdict.id === id && verdict.verdict === "fail"));
  return { id: control.id, claims: control.claims, caught, verdicts };
}

/** The exit code of a run; see docs/exit-codes.md. */
export function exitCodeOf({ overall }: Judgement): ExitCode {
  switch (overall) {
    case "pass":
      return ExitCode.pass;
    case "fail":
      return ExitCode.fail;
    case "error":
      return ExitCode.internal;
    case "inconclusive":
    case "skipped":
      return ExitCode.inconclusive;
  }
}
