import { count, list } from "../check/units.ts";
import type { Compared } from "../nightly/compare.ts";
import { type Night, regressions } from "../nightly/night.ts";
import { codeSpan, escapeMarkdown, visible } from "./escape.ts";
import { table } from "./table.ts";
import { terminalTable } from "./terminal-table.ts";
import type { TestCase } from "./test-cases.ts";

/** What a night came to, in one line. */
export function headline(night: Night): string {
  const found = regressions(night.compared);
  if (found.length > 0) return `${count(found.length, "regression")}: ${list(found.map(naming))}`;
  if (night.comparedWith === null)
    return `new baseline, ${night.good ? "good" : "not good"}: the run's own verdict is ${night.summary.overall}`;
  return `nothing got worse since ${night.comparedWith}`;
}

const naming = ({ kind, subject }: Compared) => `${kind} of ${subject}`;

/** A night for a terminal: what changed as a table, what did not in one line, and what else there is to know. */
export function renderNight(night: Night, width: number): string {
  const changed = night.compared.filter(isTold).map(cellsOf);
  return [
    `Nightly ${visible(night.summary.run)}: ${visible(headline(night))}`,
    ...(changed.length === 0 ? [] : [terminalTable(head, changed, 3, width)]),
    ...unchanged(night),
    ...night.notes.map((note) => `note: ${visible(note)}`),
  ].join("\n");
}

const head = ["what", "of", "before", "tonight", ""];

/** What stayed as it was is told by number. Times and images are few, and their numbers always of interest. */
function isTold({ kind, change }: Compared): boolean {
  return change !== "same" || kind === "time" || kind === "images";
}

function cellsOf({ kind, subject, before, tonight, change }: Compared): string[] {
  return [kind, subject, before, tonight, change];
}

function unchanged({ compared, comparedWith }: Night): string[] {
  if (comparedWith === null) return [];
  const same = compared.filter((one) => !isTold(one));
  const kinds = [...Map.groupBy(same, ({ kind }) => kind)].map(([kind, rows]) => `${rows.length} × ${kind}`);
  return [
    `compared with ${visible(comparedWith)}; as it was: ${kinds.length === 0 ? "nothing" : kinds.join(", ")}`,
  ];
}

/** A night as a section in Markdown, for a report or the summary of a CI step. */
export function nightSection(night: Night): string {
  const changed = night.compared.filter(isTold).map((row) => cellsOf(row).map(escapeMarkdown));
  return [
    `**${escapeMarkdown(headline(night))}**`,
    `Run ${codeSpan(night.summary.run)}: ${night.summary.overall.toUpperCase()}, exit code ${night.exitCode}.`,
    ...(changed.length === 0 ? [] : [table(head, changed)]),
    ...unchanged(night).map(escapeMarkdown),
    ...night.notes.map((note) => `- ${escapeMarkdown(note)}`),
  ].join("\n\n");
}

/** What got worse, as tests that fail; what is not known any more, as errors. */
export function nightCases(night: Night): TestCase[] {
  const found = regressions(night.compared);
  if (found.length === 0)
    return [{ suite: "nightly", name: "regressions", verdict: "pass", found: headline(night), remedy: null }];
  return found.map((row) => ({
    suite: "nightly",
    name: naming(row),
    verdict: row.change === "worse" ? "fail" : "error",
    found: `${row.before} before, ${row.tonight} tonight`,
    remedy: null,
  }));
}
