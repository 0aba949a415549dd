import { medianOf } from "../check/statistics.ts";
import { formatBytes, formatSeconds } from "../check/units.ts";
import { type ClaimId, claimIds } from "../model/claim.ts";
import type { VerdictWord } from "../model/verdict.ts";
import { escapeXml } from "./escape.ts";
import { type TrendNight, total } from "./trend.ts";

// Pixels. Names stay left of the nights.
const width = 760;
const left = 120;
const right = 16;
const top = 68;
const rowHeight = 16;
const panelHeight = 90;
const panelGap = 46;
const widestNight = 48;

/** A sign in each cell that is no pass, for those who do not see the colours apart. */
const signs: Record<VerdictWord, string> = {
  pass: "",
  fail: "×",
  error: "!",
  inconclusive: "?",
  skipped: "–",
};

/** A panel's place and scale. */
interface Panel {
  y: number;
  max: number;
}

/**
 * The trend over the nights, oldest first, as an SVG for light and dark pages: each claim's verdict, the median time of
 * a warm deploy with its 95 % interval, and the layer bytes that redeploys downloaded.
 */
export function renderTrendChart(nights: readonly TrendNight[]): string {
  const claims = claimIds.filter((id) =>
    nights.some(({ summary }) => summary.claims.some((claim) => claim.id === id)),
  );
  const step = Math.min(widestNight, (width - left - right) / Math.max(1, nights.length));
  const x = (index: number) => left + index * step;
  const end = x(nights.length);
  const stripEnd = top + claims.length * rowHeight;
  const times = nights.map(({ summary }) =>
    summary.warmDeploys.length === 0 ? null : medianOf(summary.warmDeploys, summary.run),
  );
  const bytes = nights.map(({ summary }) => total(summary.redeploys.map(({ layerBytes }) => layerBytes)));
  const timePanel: Panel = {
    y: stripEnd + panelGap,
    max: Math.max(0, ...times.map((time) => time?.high ?? 0)),
  };
  const bytesPanel: Panel = {
    y: timePanel.y + panelHeight + panelGap,
    max: Math.max(0, ...bytes.map(({ known }) => known)),
  };
  const bottom = bytesPanel.y + panelHeight;
  const height = bottom + 34;
  const worse = nights.filter(({ regressions }) => regressions > 0).map(({ summary }) => summary.run);
  const description =
    worse.length === 0 ? "No night had a regression." : `Nights with regressions: ${worse.join(", ")}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">Cache retention, night by night</title>`,
    `<desc id="desc">${escapeXml(description)}</desc>`,
    style,
    `<text class="head" x="8" y="22">Cache retention, night by night</text>`,
    `<text class="small" x="8" y="42">× fail, ! error, ? inconclusive, – skipped; ▼ a regression; a dashed line: a new baseline</text>`,
    ...nights.map((night, index) => marks(night, x(index), step, bottom)),
    ...claims.map((id, row) => strip(id, nights, top + row * rowHeight, x, step)),
    ...panelFrame(timePanel, "Warm deploy, median with 95 % interval", formatSeconds, end),
    ...times.map((time, index) => (time === null ? "" : interval(time, timePanel, x(index) + step / 2))),
    ...panelFrame(
      bytesPanel,
      "Layer bytes that redeploys downloaded; ? where that is not known",
      formatBytes,
      end,
    ),
    ...bytes.map((sum, index) => bar(sum, bytesPanel, x(index), step)),
    ...dates(nights, x, step, bottom),
    "</svg>",
    "",
  ]
    .filter((line, index, lines) => line !== "" || index === lines.length - 1)
    .join("\n");
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
function marks({ regressions, beginsAnew }: TrendNight, x: number, step: number, bottom: number): string {
  const middle = round(x + step / 2);
  return [
    regressions === 0 ? "" : `<text class="worse" x="${middle}" y="${top - 6}" text-anchor="middle">▼</text>`,
    beginsAnew
      ? `<line class="anew" x1="${round(x)}" y1="${top - 14}" x2="${round(x)}" y2="${bottom}"/>`
      : "",
  ].join("");
}

function strip(
  id: ClaimId,
  nights: readonly TrendNight[],
  y: number,
  x: (index: number) => number,
  step: number,
): string {
  const cells = nights.map(({ summary }, index) => {
    const verdict = summary.claims.find((claim) => claim.id === id)?.verdict;
    if (verdict === undefined) return "";
    const cell = `<rect class="${verdict}" x="${round(x(index) + 1)}" y="${y + 1}" width="${round(step - 2)}" height="${rowHeight - 2}"/>`;
    const sign = signs[verdict];
    if (sign === "") return cell;
    return `${cell}<text class="sign" x="${round(x(index) + step / 2)}" y="${y + 12}">${sign}</text>`;
  });
  return `<text x="${left - 10}" y="${y + 12}" text-anchor="end">${id}</text>${cells.join("")}`;
}

/** Zero is always on the axis, so that lengths can be compared. */
function panelFrame(
  { y, max }: Panel,
  title: string,
  format: (value: number) => string,
  end: number,
): string[] {
  return [
    `<text x="${left}" y="${y - 12}">${escapeXml(title)}</text>`,
    `<text x="${left - 10}" y="${y + 10}" text-anchor="end">${escapeXml(format(max))}</text>`,
    `<text x="${left - 10}" y="${y + panelHeight}" text-anchor="end">0</text>`,
    `<line class="axis" x1="${left}" y1="${y + panelHeight}" x2="${round(end)}" y2="${y + panelHeight}"/>`,
  ];
}

function height({ max }: Panel, value: number): number {
  return max === 0 ? 0 : (value / max) * panelHeight;
}

function interval(
  { value, low, high }: { value: number; low: number; high: number },
  panel: Panel,
  x: number,
): string {
  const y = (seconds: number) => round(panel.y + panelHeight - height(panel, seconds));
  return `<line class="time" x1="${round(x)}" y1="${y(low)}" x2="${round(x)}" y2="${y(high)}"/><circle class="median" cx="${round(x)}" cy="${y(value)}" r="3.5"/>`;
}

function bar(
  { known, unknown }: { known: number; unknown: number },
  panel: Panel,
  x: number,
  step: number,
): string {
  const length = height(panel, known);
  const y = panel.y + panelHeight - length;
  const sign =
    unknown === 0 ? "" : `<text x="${round(x + step / 2)}" y="${round(y - 4)}" text-anchor="middle">?</text>`;
  if (known === 0) return sign;
  return `<rect class="worse" x="${round(x + 2)}" y="${round(y)}" width="${round(step - 4)}" height="${round(length)}"/>${sign}`;
}

/** As many dates as there is room for. */
function dates(
  nights: readonly TrendNight[],
  x: (index: number) => number,
  step: number,
  bottom: number,
): string[] {
  const every = Math.ceil(40 / step);
  return nights.flatMap(({ summary }, index) =>
    index % every === 0
      ? [
          `<text class="small" x="${round(x(index) + step / 2)}" y="${bottom + 18}" text-anchor="middle">${escapeXml(summary.began.slice(5, 10))}</text>`,
        ]
      : [],
  );
}

const round = (pixels: number) => Math.round(pixels * 10) / 10;
