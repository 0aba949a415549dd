import { judge } from "../../src/check/judge.ts";
import type { ClaimId } from "../../src/model/claim.ts";
import type { Entry } from "../../src/model/evidence.ts";
import type { Verdict } from "../../src/model/verdict.ts";

/** The verdict on one claim of a run. */
export function verdictOf(entries: readonly Entry[], id: ClaimId): Verdict {
  const verdict = judge(entries).claims.find((claim) => claim.id === id);
  if (verdict === undefined) throw new Error(`no verdict on ${id}`);
  return verdict;
}
