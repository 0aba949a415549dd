import { styleText } from "node:util";
import Table from "cli-table3";
import { count } from "../check/units.ts";
import type { Diagnosis, Status } from "../doctor/diagnosis.ts";
import { visible } from "./escape.ts";

/** How the terminal wants its table. */
export interface DiagnosesOptions {
  /** Columns. */
  width: number;
  color: boolean;
}

const colors = { ok: "green", problem: "red", warning: "yellow", unknown: "yellow" } as const;

/** Below this a table is nothing but borders. */
const narrowest = 60;
const checkWidth = 17;
const statusWidth = 9;

/** What the doctor found, as a table, and what it comes to in one line. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[], { width, color }: DiagnosesOptions): string {
  const paint = (status: Status) =>
    color ? styleText(colors[status], status, { validateStream: false }) : status;
  const rows = diagnoses.map(({ check, status, found, next }) => [
    check,
    paint(status),
    next === null ? visible(found) : `${visible(found)}\nnext: ${visible(next)}`,
  ]);
  const body = width < narrowest ? rows.map((row) => row.join(": ")).join("\n") : tableOf(rows, width);
  return `${body}\n${conclusion(diagnoses)}`;
}

function tableOf(rows: string[][], width: number): string {
  const table = new Table({
    head: ["check", "status", "found, and what to do next"],
    // Four borders stand between and beside three columns.
    colWidths: [checkWidth, statusWidth, Math.min(width, 140) - checkWidth - statusWidth - 4],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  table.push(...rows);
  return table.toString();
}

/** What the diagnoses come to, in one sentence. */
export function conclusion(diagnoses: readonly Diagnosis[]): string {
  const number = (status: Status) => diagnoses.filter((diagnosis) => diagnosis.status === status).length;
  const [problems, unknowns, warnings] = [number("problem"), number("unknown"), number("warning")];
  const rest = [
    ...(unknowns > 0 ? [`${count(unknowns, "thing")} could not be looked at`] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  if (problems > 0)
    return [`not fit for a run: ${count(problems, "problem")} in the way`, ...rest].join("; ");
  return [unknowns > 0 ? "no problem was found" : "fit for a run", ...rest].join("; ");
}

/** The same as JSON, with the command's exit code. */
export function renderDiagnosesJson(diagnoses: readonly Diagnosis[], exitCode: number): string {
  return JSON.stringify({ conclusion: conclusion(diagnoses), exitCode, diagnoses }, null, 2);
}
