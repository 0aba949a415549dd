import { type Estimate, medianOf } from "../check/statistics.ts";
import { formatBytes, formatSeconds } from "../check/units.ts";
import { escapeXml } from "./escape.ts";
import { type TrendNight, total } from "./trend.ts";

/** Where the nights stand in a chart, from left to right. Pixels. */
export interface Columns {
  left: number;
  /** The width of one night. */
  step: number;
  end: number;
}

/** The height of a panel, and of what is above it: its title. */
export const panelHeight = 90;
export const panelHead = 46;

/** The left edge of a night. */
export function edge({ left, step }: Columns, index: number): number {
  return round(left + index * step);
}

/** The middle of a night. */
export function middle({ left, step }: Columns, index: number): number {
  return round(left + (index + 0.5) * step);
}

/** A tenth of a pixel is as much as anybody sees. */
export const round = (pixels: number): number => Math.round(pixels * 10) / 10;

/** The median time of a warm deploy, each night with its 95 % interval. `y` is the panel's upper edge. */
export function timePanel(nights: readonly TrendNight[], columns: Columns, y: number): string[] {
  const times = nights.map(({ summary }) =>
    summary.warmDeploys.length === 0 ? null : medianOf(summary.warmDeploys, summary.run),
  );
  const max = Math.max(0, ...times.map((time) => time?.high ?? 0));
  const at = (seconds: number) => round(y + panelHeight - scaled(seconds, max));
  const interval = ({ value, low, high }: Estimate, x: number) =>
    `<line class="time" x1="${x}" y1="${at(low)}" x2="${x}" y2="${at(high)}"/><circle class="median" cx="${x}" cy="${at(value)}" r="3.5"/>`;
  return [
    ...frame("Warm deploy, median with 95 % interval", formatSeconds(max), columns, y),
    ...times.flatMap((time, index) => (time === null ? [] : [interval(time, middle(columns, index))])),
  ];
}

/** The layer bytes that the redeploys of each night downloaded. `y` is the panel's upper edge. */
export function bytesPanel(nights: readonly TrendNight[], columns: Columns, y: number): string[] {
  const sums = nights.map(({ summary }) => total(summary.redeploys.map(({ layerBytes }) => layerBytes)));
  const max = Math.max(0, ...sums.map(({ known }) => known));
  const bars = sums.flatMap(({ known, unknown }, index) => {
    const length = scaled(known, max);
    const top = round(y + panelHeight - length);
    const bar = `<rect class="worse" x="${round(edge(columns, index) + 2)}" y="${top}" width="${round(columns.step - 4)}" height="${round(length)}"/>`;
    const sign = `<text x="${middle(columns, index)}" y="${round(top - 4)}" text-anchor="middle">?</text>`;
    return [...(known > 0 ? [bar] : []), ...(unknown > 0 ? [sign] : [])];
  });
  const title = "Layer bytes that redeploys downloaded; ? where that is not known";
  return [...frame(title, formatBytes(max), columns, y), ...bars];
}

/** Zero is always on the axis, so that lengths can be compared. */
function frame(title: string, max: string, { left, end }: Columns, y: number): string[] {
  const bottom = y + panelHeight;
  return [
    `<text x="${left}" y="${y - 12}">${escapeXml(title)}</text>`,
    `<text x="${left - 10}" y="${y + 10}" text-anchor="end">${escapeXml(max)}</text>`,
    `<text x="${left - 10}" y="${bottom}" text-anchor="end">0</text>`,
    `<line class="axis" x1="${left}" y1="${bottom}" x2="${round(end)}" y2="${bottom}"/>`,
  ];
}

function scaled(value: number, max: number): number {
  return max === 0 ? 0 : (value / max) * panelHeight;
}
