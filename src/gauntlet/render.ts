import Table from "cli-table3";
import { formatBytes, formatShare } from "../check/units.ts";
import { table } from "../report/table.ts";
import { type Cell, type CellClaim, cellClaims, type Effect } from "./cells.ts";
import { type ModeName, modes } from "./modes.ts";

/** What is expected of a policy in one mode: a verdict for each claim that something can be expected of. */
export type Expected = Partial<Record<CellClaim, string>>;

/** One policy's way through the gauntlet. */
export interface Row {
  title: string;
  command: string;
  about: string;
  source: string;
  /** By mode; a policy that could not be tried has the reason instead. */
  cells: Record<ModeName, Cell> | { skipped: string };
  expected: Record<ModeName, Expected>;
}

/** What the gauntlet was run on. */
export interface Setting {
  date: string;
  engine: string;
  cpus: number;
  memoryBytes: number;
}

/** Verdicts that differ from what was expected, one sentence each. */
export function unexpected(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => modes.flatMap(({ name }) => surprisesOf(row, name)));
}

function surprisesOf({ title, cells, expected }: Row, mode: ModeName): string[] {
  if ("skipped" in cells) return [];
  return cellClaims.flatMap((claim) => {
    const [found, wanted] = [cells[mode].verdicts[claim], expected[mode][claim]];
    return wanted === undefined || wanted === found
      ? []
      : [`${title} on ${mode}: ${claim} is ${found}, expected ${wanted}`];
  });
}

const head = [
  "policy",
  "images lost",
  "downloaded again",
  "manifest GETs",
  "under pressure: images lost",
  "downloaded again",
  "disk after",
  ...cellClaims,
  "as expected",
];

/** The verdicts on a terminal: what fails, by policy and mode; `!` marks what was not expected. */
export function renderVerdictTable(rows: readonly Row[], width: number): string {
  const first = 30;
  const others = Math.max(12, Math.floor((width - first - modes.length - 2) / modes.length));
  const grid = new Table({
    head: ["policy", ...modes.map(({ name }) => name)],
    colWidths: [first, ...modes.map(() => others)],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const { title, cells } = row;
    if ("skipped" in cells) {
      grid.push([title, { colSpan: modes.length, content: `skipped: ${cells.skipped}` }]);
      continue;
    }
    grid.push([
      title,
      ...modes.map(({ name }) => {
        const open = cellClaims.filter((claim) => cells[name].verdicts[claim] !== "pass");
        const said = open.map((claim) => `${claim} ${cells[name].verdicts[claim]}`).join(", ");
        return `${said === "" ? "pass" : said}${surprisesOf(row, name).length === 0 ? "" : " !"}`;
      }),
    ]);
  }
  return grid.toString();
}

/** docs/gauntlet.md, whole. */
export function renderGauntlet(rows: readonly Row[], setting: Setting): string {
  const surprises = unexpected(rows);
  return `# The gauntlet

Written by \`npm run gauntlet\` on ${setting.date}: engine ${setting.engine}, ${setting.cpus} cores, ${Math.round(setting.memoryBytes / 1e9)} GB of memory.

Every prune policy of [\`fixtures/policies/\`](../fixtures/policies) goes through the same scenario (\`suites/gauntlet.ts\`) on the same kind of lab, on both image stores, without and with a prepull by tag before each deploy. First without disk pressure: how many images are lost, and what the next deploy downloads again. Then with 82 % of the disk in use, ten days later as far as the reference policy's record goes: while a run holds the host's lock, while a pull is in flight, while a service converges, and at rest. The host holds a base image, the recipe's two images (one built today, one 400 days ago), the left-over of a build and six orphans, half of them built today.

PC1.1: nothing is removed without pressure. PC1.2: under pressure only old orphans go, oldest use first, down to 70 %. PC1.3: nothing goes while a run is in progress. PC2.4: no redeploy downloads a layer. *Inconclusive* under PC1.2 or PC1.3 says that an earlier prune run had left nothing to judge by.

${surprises.length === 0 ? "Every verdict is as expected." : `**Not as expected:**\n\n${surprises.map((line) => `- ${line}`).join("\n")}`}

${modes.map(({ name }) => modeSection(name, rows)).join("\n\n")}

## The policies

${rows.map(policyText).join("\n\n")}
`;
}

function modeSection(mode: ModeName, rows: readonly Row[]): string {
  return `## ${mode}\n\n${table(
    head,
    rows.map((row) => cellTexts(row, mode)),
    [1, 2, 3, 4, 5, 6],
  )}`;
}

function cellTexts(row: Row, mode: ModeName): string[] {
  const { title, cells } = row;
  if ("skipped" in cells) return [code(title), `skipped: ${cells.skipped}`, ...head.slice(2).map(() => "")];
  const { early, pressed, verdicts } = cells[mode];
  return [
    code(title),
    ...[number(early.lost), bytes(early), number(early.manifestGets)],
    ...[number(pressed.lost), bytes(pressed), pressed.disk === null ? "?" : formatShare(pressed.disk)],
    ...cellClaims.map((claim) => (verdicts[claim] === "pass" ? "pass" : `**${verdicts[claim]}**`)),
    surprisesOf(row, mode).length === 0 ? "yes" : "**no**",
  ];
}

const number = (value: number | null): string => (value === null ? "?" : String(value));
const bytes = ({ layerBytes }: Effect): string => (layerBytes === null ? "?" : formatBytes(layerBytes));
const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

function policyText({ title, command, about, source }: Row): string {
  const runs = command.trim() === title ? "" : `\n\n\`\`\`sh\n${command.trim()}\n\`\`\``;
  // The table lies in docs/, as the project's own sources do.
  const link = source.replace(/^docs\//, "");
  return `### ${title}\n\n${about.trim()} ([source](${link}))${runs}`;
}
