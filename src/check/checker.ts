import type { ClaimId } from "../model/claim.ts";
import { messageOf } from "../model/failure.ts";
import { type Verdict, type VerdictWord, worst } from "../model/verdict.ts";
import { type History, merge } from "./history.ts";

/** What a checker answers: a verdict without its id. */
export interface Finding {
  verdict: VerdictWord;
  found: string;
  evidence: number[];
  remedy: string | null;
}

/** One claim's judge. Pure: the same history gives the same verdict, to the byte. */
export interface Checker {
  id: ClaimId;
  /** What is expected, in words that hold for any run. */
  expected: string;
  /** What the run was not told that this claim cannot do without; null where it was. */
  lacks?(history: History): string | null;
  /** Judges the steps of the given history, which the composition has narrowed to the claim's scenarios. */
  check(history: History): Finding;
}

/** What to do when a witness saw nothing, or not enough. */
export const lookAgain =
  "run again; if it stays so, the `gap` lines of evidence.jsonl say which witness failed and why";

/** The claim holds. Give every observation that it takes to say so. */
export const pass = (found: string, evidence: number[]): Finding => ({
  verdict: "pass",
  found,
  evidence,
  remedy: null,
});

/** The claim is refuted, by what `evidence` names. */
export const fail = (found: string, evidence: number[], remedy: string): Finding => ({
  verdict: "fail",
  found,
  evidence,
  remedy,
});

/** Nothing can be said: something was not seen, or witnesses disagree. */
export const inconclusive = (found: string, evidence: number[], remedy: string): Finding => ({
  verdict: "inconclusive",
  found,
  evidence,
  remedy,
});

/**
 * One finding out of many: the worst decides, and those that share its verdict speak. Without any there is nothing
 * to judge, which is `inconclusive`. `whenPass` replaces the sentences of many passes by one.
 */
export function compose(
  findings: readonly Finding[],
  whenNone: string,
  whenPass?: (findings: readonly Finding[]) => string,
): Finding {
  if (findings.length === 0)
    return inconclusive(whenNone, [], "leave the scenarios of this claim in the run");
  const verdict = worst(findings.map((finding) => finding.verdict));
  const loudest = findings.filter((finding) => finding.verdict === verdict);
  const sentences = distinct(loudest.map((finding) => finding.found));
  const remedies = distinct(loudest.flatMap(({ remedy }) => (remedy === null ? [] : [remedy])));
  return {
    verdict,
    found: verdict === "pass" && whenPass !== undefined ? whenPass(loudest) : spoken(sentences),
    evidence: merge(...loudest.map((finding) => finding.evidence)),
    remedy: remedies.length === 0 ? null : remedies.join("; "),
  };
}

/** As many sentences as a reader has patience for; the evidence has the rest. */
function spoken(sentences: readonly string[], most = 5): string {
  const more = sentences.length - most;
  return [...sentences.slice(0, most), ...(more > 0 ? [`and ${more} more findings of the kind`] : [])].join(
    "; ",
  );
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Runs a checker. One that throws yields `error`: the instrument is broken, not the host. */
export function run(checker: Checker, history: History): Verdict {
  const { id, expected } = checker;
  const hosts = distinct(history.steps.flatMap(({ host }) => (host === null ? [] : [host])));
  try {
    const { verdict, found, evidence, remedy } = checker.check(history);
    return { id, verdict, expected, found, evidence, remedy, hosts };
  } catch (thrown) {
    const found = `the checker failed: ${messageOf(thrown)}`;
    return {
      id,
      verdict: "error",
      expected,
      found,
      evidence: [],
      remedy: "report this as a bug, with the run's folder",
      hosts,
    };
  }
}
