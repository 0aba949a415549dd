import { medianOf } from "../check/statistics.ts";
import { formatBytes, formatSeconds } from "../check/units.ts";
import { severity } from "../model/verdict.ts";
import type { RunSummary } from "../nightly/summary.ts";
import { codeSpan } from "./escape.ts";
import { table } from "./table.ts";

/** One night of a trend. */
export interface TrendNight {
  summary: RunSummary;
  /** Whether it began a new baseline, and so cannot be compared with the nights before. */
  beginsAnew: boolean;
  regressions: number;
}

/** The most nights that a trend shows. */
export const mostShown = 30;

/** The trend as a table, latest night first. */
export function renderTrendTable(nights: readonly TrendNight[]): string {
  const rows = nights
    .toReversed()
    .map(({ summary, beginsAnew, regressions }) => [
      codeSpan(summary.run),
      summary.overall.toUpperCase(),
      verdictCounts(summary),
      warmTime(summary),
      totalText(summary, ({ layerBytes }) => layerBytes, formatBytes),
      totalText(summary, ({ manifestGets }) => manifestGets, String),
      regressions === 0 ? (beginsAnew ? "new baseline" : "") : `**${regressions}**`,
    ]);
  const head = [
    "run",
    "verdict",
    "claims",
    "warm deploy (95 %)",
    "layer bytes of redeploys",
    "manifest GETs",
    "regressions",
  ];
  return table(head, rows, [4, 5, 6]);
}

function verdictCounts({ claims }: RunSummary): string {
  return severity
    .flatMap((word) => {
      const number = claims.filter(({ verdict }) => verdict === word).length;
      return number === 0 ? [] : [`${number} ${word}`];
    })
    .join(", ");
}

function warmTime({ warmDeploys, run }: RunSummary): string {
  if (warmDeploys.length === 0) return "";
  const { value, low, high } = medianOf(warmDeploys, run);
  return `${formatSeconds(value)} (${formatSeconds(low)} to ${formatSeconds(high)})`;
}

function totalText(
  { redeploys }: RunSummary,
  amountOf: (redeploy: RunSummary["redeploys"][number]) => number | null,
  format: (amount: number) => string,
): string {
  const { known, unknown } = total(redeploys.map(amountOf));
  return `${format(known)}${unknown === 0 ? "" : ` (${unknown} unknown)`}`;
}

/** The sum of what is known, and how many are not. */
export function total(amounts: readonly (number | null)[]): { known: number; unknown: number } {
  const known = amounts.filter((amount) => amount !== null);
  return { known: known.reduce((sum, amount) => sum + amount, 0), unknown: amounts.length - known.length };
}
