import type { Judgement } from "../model/verdict.ts";

/** The content of verdicts.json. The same judgement gives the same bytes. */
export function renderVerdicts(judgement: Judgement): string {
  return `${JSON.stringify(judgement, null, 2)}\n`;
}
