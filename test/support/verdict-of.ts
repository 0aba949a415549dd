import { judge } from "../../src/check/judge.ts";
import type { ClaimId } from "../../src/model/claim.ts";
import type { Entry } from "../../src/model/evidence.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { withHeader } from "./stored-run.ts";

/** The verdict on one claim of a run, as if no other had been asked for. */
export function verdictOf(entries: readonly Entry[], id: ClaimId): Verdict {
  const verdict = judge(withHeader(entries, { claims: [id] })).claims.find((claim) => claim.id === id);
  if (verdict === undefined) throw new Error(`no verdict on ${id}`);
  return verdict;
}
