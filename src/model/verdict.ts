import type { ClaimId } from "./claim.ts";

/** Worst first: the verdict on a whole is the first of these that any part has. */
export const severity = ["fail", "error", "inconclusive", "skipped", "pass"] as const;

export type VerdictWord = (typeof severity)[number];

/** The judgement on one claim. */
export interface Verdict {
  id: ClaimId;
  verdict: VerdictWord;
  /** What the claim expects to see, with the numbers that apply to this run. */
  expected: string;
  /** What was seen, with the numbers. */
  found: string;
  /** Sequence numbers of the evidence that this rests on, ascending. */
  evidence: number[];
  /** What to do about it; null where there is nothing to do. */
  remedy: string | null;
  /** The hosts whose steps were judged, in the order of their first. */
  hosts: string[];
}

/** A scenario that is known to break claims, and whether the checkers saw it break them. */
export interface ControlVerdict {
  id: string;
  /** The claims that had to fail. */
  claims: ClaimId[];
  caught: boolean;
  /** The verdicts that the checkers gave on the control's evidence. */
  verdicts: Verdict[];
}

/** The whole judgement of a run: what `verdicts.json` holds. */
export interface Judgement {
  overall: VerdictWord;
  claims: Verdict[];
  controls: ControlVerdict[];
}

/** The worst of some verdicts. Of none it is `inconclusive`: no evidence is never a pass. */
export function worst(words: readonly VerdictWord[]): VerdictWord {
  return severity.find((word) => words.includes(word)) ?? "inconclusive";
}
