import type { ClaimId } from "../model/claim.ts";
import type { Judgement } from "../model/verdict.ts";
import { escapeMarkdown } from "./escape.ts";
import { criterionSummaries } from "./sentences.ts";
import { table } from "./table.ts";

/** A verdict for each criterion of which a claim was asked for, as a Markdown table. */
export function criterionTable(judgement: Judgement, asked: readonly ClaimId[]): string {
  const rows = criterionSummaries(judgement, asked).map(({ id, title, verdict, sentence }) => [
    id === "G" ? title : `${id} ${title}`,
    verdict.toUpperCase(),
    escapeMarkdown(sentence),
  ]);
  return table(["criterion", "verdict", "in one sentence"], rows);
}
