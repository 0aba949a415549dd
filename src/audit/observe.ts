import type { Body } from "../model/evidence.ts";
import type { Policy } from "../model/plan.ts";
import { audit, dayOf } from "./audit.ts";
import { readDocuments } from "./documents.ts";
import { reasonsOf } from "./skipped.ts";

/** What a run is told to look at. */
export interface ToAudit {
  /** Code. */
  audit: readonly string[];
  documents: readonly string[];
}

/**
 * What a run writes into its evidence about code and documents; null where it was told of neither. Throws a Failure (usage)
 * for a path that is not there.
 */
export async function observeAudit(
  { audit: code, documents }: ToAudit,
  policy: Policy,
  now: Date,
): Promise<Body<"audit"> | null> {
  if (code.length === 0 && documents.length === 0) return null;
  const { paths, files, skipped, findings } = await audit(code, dayOf(now));
  return {
    paths: [...paths],
    files,
    skipped: reasonsOf(skipped),
    findings: [...findings],
    documents: { paths: [...documents], files: readDocuments(documents, policy) },
  };
}
