import Table from "cli-table3";
import { matrixClaims } from "../../suites/matrix.ts";
import { formatBytes } from "../check/units.ts";
import type { VerdictWord } from "../model/verdict.ts";
import { escapeMarkdown } from "../report/escape.ts";
import { formatRanges } from "../report/ranges.ts";
import { table } from "../report/table.ts";
import { type Cell, type CellPlan, type TraitName, traitNames } from "./cells.ts";
import { expectedVerdict, type MatrixEngine, mistaken } from "./engines.ts";
import { differences } from "./facts.ts";
import { findings } from "./findings.ts";

/** One cell of the matrix, as it was found, or why there is nothing of it. */
export interface Row {
  plan: CellPlan;
  engine: MatrixEngine;
  cell: Found;
}

/** `skipped`: the engine could not be had. `broken`: it could, and its cell came to no end. */
export type Found = Cell | { skipped: string } | { broken: string };

/** What the matrix was run on. */
export interface Setting {
  date: string;
  /** Where the evidence is. */
  folder: string;
  cpus: number;
  memoryBytes: number;
  /** Version of the engine that carried the labs. */
  outer: string;
}

/** What is not as it should be, one sentence each. An engine that cannot be had is none of that. */
export function unexpected(rows: readonly Row[]): string[] {
  return rows.flatMap(({ plan: { host, mode }, engine, cell }) => {
    if ("skipped" in cell) return [];
    if ("broken" in cell) return [`${host} came to no end: ${cell.broken}`];
    const mistake = mistaken(engine, mode, cell.engine);
    if (mistake !== null) return [`${host}: ${mistake}`];
    return matrixClaims.flatMap((claim) => {
      const wanted = expectedVerdict(engine, mode, claim);
      const { verdict, found } = cell.verdicts[claim];
      return verdict === wanted ? [] : [`${host}: ${claim} is ${verdict}, expected ${wanted}: ${found}`];
    });
  });
}

const pruneHeads = ["images lost", "downloaded again"];

/** The matrix on a terminal: what does not pass, and what plain `docker image prune -f` costs. */
export function renderTable(rows: readonly Row[], width: number): string {
  const widths = [30, 18, 0, 13, 18];
  widths[2] = Math.max(20, width - widths.reduce((sum, one) => sum + one, 0) - widths.length - 1);
  const grid = new Table({
    head: ["host", "engine", "verdicts", "prune -f: lost", "downloaded again"],
    colWidths: widths,
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { plan, cell } of rows) {
    if (!isFound(cell)) {
      grid.push([plan.host, { colSpan: widths.length - 1, content: reason(cell) }]);
      continue;
    }
    const open = matrixClaims.filter((claim) => cell.verdicts[claim].verdict !== "pass");
    const said = open.map((claim) => `${claim} ${cell.verdicts[claim].verdict}`).join(", ");
    grid.push([plan.host, cell.engine?.version ?? "?", said === "" ? "pass" : said, ...pruneTexts(cell)]);
  }
  return grid.toString();
}

/** docs/engines.md, whole. */
export function renderMatrix(rows: readonly Row[], setting: Setting): string {
  const { date, folder, cpus, memoryBytes, outer } = setting;
  const surprises = unexpected(rows);
  return `# Engines

Written by \`npm run verify:matrix\` on ${date}: ${cpus} cores, ${Math.round(memoryBytes / 1e9)} GB of memory, labs on engine ${outer}, run in \`${folder}\`.

Each row is a Docker host of its own with a hub of its own. It goes through the chain of \`verify\` (deploy, teardown, redeploy, prune by the reference policy, redeploy, restart, redeploy), then plain \`docker image prune -f\` and a redeploy, then a new digest under a known tag, and a broken image (\`suites/matrix.ts\`). *Images lost* is what that plain prune run removed, out of the recipe's three and the base image; *downloaded again* are the layer bytes of the deploy after it. Numbers such as #412 are lines of that run's \`evidence.jsonl\`.

${surprises.length === 0 ? "Every verdict is as expected." : `**Not as expected:**\n\n${bullets(surprises.map(escapeMarkdown))}`}

${matrixTable(rows)}

${bullets([...new Set(rows.map(({ engine }) => engine))].map(({ name, title }) => `\`${name}\`: ${title}`))}

## What differs from the facts this project started from

They were measured on two of these engines, one for each image store. Each difference is told with what the facts say and what was seen.

${bullets(rows.flatMap(differenceTexts))}

## What each engine does by itself

Requests are those of a deploy, by the number of its services: manifest HEADs (free on Docker Hub), manifest GETs (each counts as a pull), image configs and layers. The base image is there from the start, so a cold deploy fetches one layer a service.

${traitTable(rows)}

## Findings

What the tables show, in words; the columns named are the evidence. What is not in them says where it was seen.

${findings.map(({ about, lines }) => `### ${about}\n\n${bullets(lines)}`).join("\n\n")}
`;
}

function matrixTable(rows: readonly Row[]): string {
  const head = ["engine", "image store", "prepull", ...matrixClaims, ...pruneHeads, "as expected"];
  return table(
    head,
    rows.map(({ plan, engine, cell }) => {
      const mode = [plan.mode.imageStore, plan.mode.prepull ? "yes" : "no"];
      if (!isFound(cell))
        return [
          engine.name,
          ...mode,
          escapeMarkdown(reason(cell)),
          ...head.slice(mode.length + 2).map(() => ""),
        ];
      return [
        `${engine.name} ${escapeMarkdown(cell.engine?.version ?? "?")}`,
        ...mode,
        ...matrixClaims.map((claim) => word(cell.verdicts[claim].verdict)),
        ...pruneTexts(cell),
        unexpected([{ plan, engine, cell }]).length === 0 ? "yes" : "**no**",
      ];
    }),
    [3 + matrixClaims.length, 4 + matrixClaims.length],
  );
}

function traitTable(rows: readonly Row[]): string {
  const names = Object.keys(traitNames) as TraitName[];
  return table(
    ["host", "API", "storage driver", ...names.map((name) => traitNames[name])],
    rows.flatMap(({ plan, cell }) => {
      if (!isFound(cell)) return [];
      const { apiVersion = "?", storageDriver = "?" } = cell.engine ?? {};
      return [
        [
          plan.host,
          apiVersion,
          storageDriver,
          ...names.map((name) => escapeMarkdown(cell.traits[name].seen ?? "?")),
        ],
      ];
    }),
  );
}

function differenceTexts({ plan, cell }: Row): string[] {
  if (!isFound(cell)) return [];
  return differences(plan, cell).map(({ host, trait, fact, seen, evidence }) => {
    const where = evidence.length === 0 ? "" : ` (${formatRanges(evidence)})`;
    return `**${host}**, ${traitNames[trait]}: ${fact} by the facts, ${seen ?? "not seen"} here${where}`;
  });
}

const isFound = (cell: Found): cell is Cell => "verdicts" in cell;

const reason = (cell: { skipped: string } | { broken: string }): string =>
  "skipped" in cell ? `skipped: ${cell.skipped}` : `came to no end: ${cell.broken}`;

function pruneTexts({ plainPrune: { lost, layerBytes } }: Cell): string[] {
  return [lost === null ? "?" : String(lost), layerBytes === null ? "?" : formatBytes(layerBytes)];
}

const word = (verdict: VerdictWord): string => (verdict === "pass" ? "pass" : `**${verdict}**`);

const bullets = (lines: readonly string[]): string =>
  lines.length === 0 ? "None." : lines.map((line) => `- ${line}`).join("\n");
