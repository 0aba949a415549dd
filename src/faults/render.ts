import Table from "cli-table3";
import { type FaultCase, type FaultName, faultNames } from "../../suites/faults.ts";
import { formatBytes } from "../check/units.ts";
import { escapeMarkdown } from "../report/escape.ts";
import { table } from "../report/table.ts";
import type { FaultCell } from "./cells.ts";

/** A fault with what came of it. */
export interface Row {
  about: FaultCase;
  cell: FaultCell;
}

/** What the faults were run on. */
export interface Setting {
  date: string;
  /** Version of each engine, by the kind of its host. */
  engines: Record<string, string>;
  cpus: number;
  memoryBytes: number;
}

/** What happens, in words. */
const titles: Record<FaultName, string> = {
  "engine-kill": "engine killed (-9) in the middle of a cold pull",
  "full-disk": "disk full in the middle of a cold pull",
  "power-cut": "power cut in the middle of a cold pull",
  "truncated-layer": "a layer cut off in transit",
  down: "hub down during a warm redeploy",
  "rate-limited": "hub answers 429 to every manifest request, the HEAD included, during a warm redeploy",
  "spent-budget": "hub answers 429 to manifest GETs, the pull budget being spent, during a warm redeploy",
};

/** Outcomes that differ from what was expected, or are not known, one sentence each. */
export function unexpected(rows: readonly Row[]): string[] {
  return rows
    .filter(({ cell }) => cell.outcome !== "as expected")
    .map(({ about, cell }) => `${about.scenario.id}: ${cell.outcome}: ${cell.happened}`);
}

/** The outcomes as JSON, with the sequence numbers of the evidence that each rests on. */
export function renderOutcomes(rows: readonly Row[]): string {
  const outcomes = rows.map(
    ({ about: { scenario, fault, host, imageStore, prepull, expected, cure }, cell }) => ({
      id: scenario.id,
      fault,
      host,
      imageStore,
      prepull,
      expected,
      ...cell,
      cure,
    }),
  );
  return `${JSON.stringify(outcomes, null, 2)}\n`;
}

/** The outcomes on a terminal. */
export function renderTable(rows: readonly Row[]): string {
  const grid = new Table({
    head: ["fault", "host", "image store", "pulled by tag", "outcome", "fetched twice"],
    style: { head: [], border: [] },
  });
  for (const { about, cell } of inOrder(rows)) {
    const { fault, kind, imageStore } = about;
    grid.push([fault, kind, imageStore, prepulled(about), cell.outcome, twice(cell)]);
  }
  return grid.toString();
}

/** By fault, so that hosts and image stores stand side by side. */
const inOrder = (rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => faultNames.indexOf(a.about.fault) - faultNames.indexOf(b.about.fault));

/** What was not run: faults that befall no host of those that were asked for. */
function leftOut(rows: readonly Row[]): string {
  const run = new Set(rows.map(({ about }) => about.fault));
  const names = faultNames.filter((name) => !run.has(name));
  return names.length === 0 ? "" : ` Not run: ${names.map((name) => titles[name]).join("; ")}.`;
}

/** docs/faults.md, whole. */
export function renderFaults(rows: readonly Row[], setting: Setting): string {
  const engines = Object.entries(setting.engines).map(([kind, version]) => `${version} (${kind})`);
  const open = unexpected(rows);
  return `# Faults during the chain

Written by \`npm run verify:faults\` on ${setting.date}: engine ${engines.join(", ")}, ${setting.cpus} cores, ${Math.round(setting.memoryBytes / 1e9)} GB of memory.

Each fault of \`suites/faults.ts\` befalls a host as new. A pull is struck once one of its layers has come whole and another is on its way. A redeploy is warm: the same app was deployed and torn down just before. "Pulled by tag" tells whether the images had been pulled by tag before the fault (\`--prepull\`). "Fetched twice" is what the hub sent of a layer beyond one copy of it, by its ledger: how many layers, and how many bytes. The ledger counts bytes as they leave, so some that were lost on the way are among them.

${open.length === 0 ? `Every outcome is as expected.${leftOut(rows)}` : `**Not as expected:**\n\n${open.map((line) => `- ${escapeMarkdown(line)}`).join("\n")}`}

${table(
  [
    "fault",
    "host",
    "image store",
    "pulled by tag",
    "expected",
    "what happened",
    "layers fetched twice",
    "bytes",
    "outcome",
  ],
  inOrder(rows).map(cells),
  [6, 7],
)}

## What to do

${Object.entries(titles)
  .flatMap(([fault, title]) =>
    advice(
      title,
      rows.filter(({ about }) => about.fault === fault),
    ),
  )
  .join("\n\n")}
`;
}

function cells({ about, cell }: Row): string[] {
  const { fault, kind, imageStore, expected } = about;
  const { outcome, happened, again } = cell;
  return [
    titles[fault],
    kind,
    imageStore,
    prepulled(about),
    expected,
    escapeMarkdown(happened),
    again === null ? "?" : String(again.layers),
    again === null ? "?" : formatBytes(again.bytes),
    outcome === "as expected" ? outcome : `**${outcome}**`,
  ];
}

/** What an operator should do about one fault, for each way in which the images may be there. */
function advice(title: string, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const cures = Map.groupBy(rows, ({ about }) => about.cure);
  const lines = [...cures].map(([cure, of]) => `- ${when(of)}${cure}.`);
  return [`### ${title.charAt(0).toUpperCase()}${title.slice(1)}\n\n${lines.join("\n")}`];
}

function when(rows: readonly Row[]): string {
  const [prepull] = new Set(rows.map(({ about }) => about.prepull));
  if (prepull === null) return "";
  return prepull ? "Pulled by tag before: " : "Not pulled by tag: ";
}

const prepulled = ({ prepull }: FaultCase): string => (prepull === null ? "–" : prepull ? "yes" : "no");

const twice = ({ again }: FaultCell): string =>
  again === null ? "?" : again.layers === 0 ? "nothing" : `${again.layers} (${formatBytes(again.bytes)})`;
