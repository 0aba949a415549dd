import { layerTraffic } from "../check/bytes.ts";
import { type History, ofScenarios, readHistory, stepsThat } from "../check/history.ts";
import { formatBytes } from "../check/units.ts";
import type { Entry } from "../model/evidence.ts";
import { escapeXml } from "./escape.ts";

interface Bar {
  label: string;
  bytes: number;
  /** A deploy that should have found everything in the cache. */
  cached: boolean;
}

// Pixels. Names of steps stay left of the bars, amounts right of them.
const width = 720;
const rowHeight = 30;
const left = 210;
const right = 100;
const top = 44;

/** An SVG bar chart of the layer bytes that each deploy of the chain downloaded, for light and dark pages. */
export function renderBytesChart(entries: readonly Entry[]): string {
  const bars = barsOf(readHistory(entries));
  const height = top + Math.max(1, bars.length) * rowHeight + 12;
  const max = Math.max(...bars.map(({ bytes }) => bytes), 1);
  const description =
    bars.length === 0
      ? "No deploy was made."
      : bars.map(({ label, bytes }) => `${label}: ${formatBytes(bytes)}`).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">Layer bytes downloaded by each deploy</title>
<desc id="desc">${escapeXml(description)}</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.cold { fill: #57606a }
.cached { fill: #bc4c00 }
line { stroke: #8c959f }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .cold { fill: #9198a1 }
  .cached { fill: #f0883e }
}
</style>
<text class="head" x="8" y="22">Layer bytes downloaded by each deploy</text>
${bars.map((bar, index) => row(bar, top + index * rowHeight, max)).join("\n")}
<line x1="${left}" y1="${top - 6}" x2="${left}" y2="${height - 8}"/>
</svg>
`;
}

function row({ label, bytes, cached }: Bar, y: number, max: number): string {
  const length = Math.round((bytes / max) * (width - left - right));
  return [
    `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${escapeXml(label)}</text>`,
    `<rect class="${cached ? "cached" : "cold"}" x="${left}" y="${y}" width="${length}" height="20"/>`,
    `<text x="${left + length + 8}" y="${y + 15}">${formatBytes(bytes)}</text>`,
  ].join("");
}

function barsOf(history: History): Bar[] {
  const chain = ofScenarios(history, ({ control, claims }) => !control && claims.includes("PC3.1"));
  return stepsThat(chain, "deploy").map((step) => ({
    label: step.plan.id,
    bytes: layerTraffic(history, step).bytes,
    cached: step.plan.expect === "cached",
  }));
}
