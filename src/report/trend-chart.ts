import { type ClaimId, claimIds } from "../model/claim.ts";
import type { VerdictWord } from "../model/verdict.ts";
import { escapeXml } from "./escape.ts";
import type { TrendNight } from "./trend.ts";
import {
  bytesPanel,
  type Columns,
  edge,
  middle,
  panelHead,
  panelHeight,
  round,
  timePanel,
} from "./trend-panels.ts";

// Pixels. Names stay left of the nights.
const width = 760;
const left = 120;
const right = 16;
const top = 68;
const rowHeight = 16;
const widestNight = 48;
/** What the date of a night takes. */
const dateWidth = 40;

/** A sign in each cell that is no pass, for those who do not see the colours apart. */
const signs: Record<VerdictWord, string> = {
  pass: "",
  fail: "×",
  error: "!",
  inconclusive: "?",
  skipped: "–",
};

/**
 * The trend over the nights, oldest first, as an SVG for light and dark pages: each claim's verdict, the median time of
 * a warm deploy with its 95 % interval, and the layer bytes that redeploys downloaded.
 */
export function renderTrendChart(nights: readonly TrendNight[]): string {
  const claims = claimIds.filter((id) => nights.some((night) => verdictOf(night, id) !== undefined));
  const step = Math.min(widestNight, (width - left - right) / Math.max(1, nights.length));
  const columns: Columns = { left, step, end: left + nights.length * step };
  const timesAt = top + claims.length * rowHeight + panelHead;
  const bytesAt = timesAt + panelHeight + panelHead;
  const bottom = bytesAt + panelHeight;
  const height = bottom + 34;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">Cache retention, night by night</title>`,
    `<desc id="desc">${escapeXml(description(nights))}</desc>`,
    style,
    `<text class="head" x="8" y="22">Cache retention, night by night</text>`,
    `<text class="small" x="8" y="42">× fail, ! error, ? inconclusive, – skipped; ▼ a regression; a dashed line: a new baseline</text>`,
    ...nights.flatMap((night, index) => marks(night, columns, index, bottom)),
    ...claims.map((id, row) => strip(id, nights, columns, top + row * rowHeight)),
    ...timePanel(nights, columns, timesAt),
    ...bytesPanel(nights, columns, bytesAt),
    ...dates(nights, columns, bottom + 18),
    "</svg>",
  ].join("\n")}\n`;
}

function description(nights: readonly TrendNight[]): string {
  const worse = nights.filter(({ regressions }) => regressions > 0).map(({ summary }) => summary.run);
  return worse.length === 0 ? "No night had a regression." : `Nights with regressions: ${worse.join(", ")}.`;
}

function verdictOf({ summary }: TrendNight, id: ClaimId): VerdictWord | undefined {
  return summary.claims.find((claim) => claim.id === id)?.verdict;
}

const style = `<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.head { font-size: 14px; font-weight: 600 }
.small { font-size: 11px; fill: #57606a }
.sign { font-size: 11px; font-weight: 700; text-anchor: middle; fill: #ffffff }
.pass { fill: #9ec5ab }
.fail, .error, .worse { fill: #bc4c00 }
.inconclusive { fill: #8250df }
.skipped { fill: #8c959f }
.time { stroke: #0969da; stroke-width: 2 }
.median { fill: #0969da }
.axis { stroke: #8c959f }
.anew { stroke: #57606a; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .sign { fill: #ffffff }
  .pass { fill: #2f6b45 }
  .time { stroke: #58a6ff }
  .median { fill: #58a6ff }
}
</style>`;

/** What is said of a night as a whole: a regression above the strip, a new baseline to its left. */
function marks(
  { regressions, beginsAnew }: TrendNight,
  columns: Columns,
  index: number,
  bottom: number,
): string[] {
  const x = edge(columns, index);
  const worse = `<text class="worse" x="${middle(columns, index)}" y="${top - 6}" text-anchor="middle">▼</text>`;
  const anew = `<line class="anew" x1="${x}" y1="${top - 14}" x2="${x}" y2="${bottom}"/>`;
  return [...(regressions > 0 ? [worse] : []), ...(beginsAnew ? [anew] : [])];
}

function strip(id: ClaimId, nights: readonly TrendNight[], columns: Columns, y: number): string {
  const cells = nights.map((night, index) => {
    const verdict = verdictOf(night, id);
    if (verdict === undefined) return "";
    const cell = `<rect class="${verdict}" x="${round(edge(columns, index) + 1)}" y="${y + 1}" width="${round(columns.step - 2)}" height="${rowHeight - 2}"/>`;
    const sign = signs[verdict];
    if (sign === "") return cell;
    return `${cell}<text class="sign" x="${middle(columns, index)}" y="${y + 12}">${sign}</text>`;
  });
  return `<text x="${left - 10}" y="${y + 12}" text-anchor="end">${id}</text>${cells.join("")}`;
}

/** As many dates as there is room for. */
function dates(nights: readonly TrendNight[], columns: Columns, y: number): string[] {
  const every = Math.ceil(dateWidth / columns.step);
  return nights.flatMap(({ summary }, index) =>
    index % every === 0
      ? [
          `<text class="small" x="${middle(columns, index)}" y="${y}" text-anchor="middle">${escapeXml(summary.began.slice(5, 10))}</text>`,
        ]
      : [],
  );
}
