import { styleText } from "node:util";
import Table from "cli-table3";
import type { ClaimId } from "../model/claim.ts";
import type { Judgement, VerdictWord } from "../model/verdict.ts";
import { visible } from "./escape.ts";
import { criterionSummaries } from "./sentences.ts";

/** How the terminal wants its summary. */
export interface SummaryOptions {
  /** Columns. */
  width: number;
  color: boolean;
  /** The claims that were asked for. */
  asked: readonly ClaimId[];
}

const colors = { pass: "green", fail: "red", error: "red", inconclusive: "yellow", skipped: "gray" } as const;

/** Below this a table is nothing but borders. */
const narrowest = 60;
const verdictWidth = 14;
const criterionWidth = 16;

/** The end of a run on a terminal: a table of the criteria, the controls, the verdict. */
export function renderSummary(judgement: Judgement, { width, color, asked }: SummaryOptions): string {
  const paint = (word: VerdictWord) => {
    const text = word.toUpperCase();
    return color ? styleText(["bold", colors[word]], text, { validateStream: false }) : text;
  };
  const rows = criterionSummaries(judgement, asked).map(({ id, title, verdict, sentence }) => [
    id === "G" ? title : `${id} ${title}`,
    paint(verdict),
    visible(sentence),
  ]);
  const body = width < narrowest ? rows.map((row) => row.join(": ")).join("\n") : tableOf(rows, width);
  return `${[body, ...controlLines(judgement), `Cache retention: ${paint(judgement.overall)}`].join("\n")}\n`;
}

function tableOf(rows: string[][], width: number): string {
  // Four borders stand between and beside three columns.
  const sentenceWidth = Math.min(width, 140) - criterionWidth - verdictWidth - 4;
  const table = new Table({
    head: ["criterion", "verdict", "in one sentence"],
    colWidths: [criterionWidth, verdictWidth, sentenceWidth],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  table.push(...rows);
  return table.toString();
}

function controlLines({ controls }: Judgement): string[] {
  if (controls.length === 0) return [];
  const uncaught = controls.filter(({ caught }) => !caught).map(({ id }) => visible(id));
  if (uncaught.length === 0) return [`Controls: all ${controls.length} caught`];
  return [`Controls: not caught: ${uncaught.join(", ")}; trust no verdict of this run`];
}
