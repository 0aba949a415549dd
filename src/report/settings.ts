import type { Origin } from "../config/layers.ts";
import { visible } from "./escape.ts";
import { compactTable } from "./terminal-table.ts";

/** A setting, its value, and where that came from. */
export interface ShownSetting extends Origin {
  key: string;
  /** Undefined for a setting that has neither value nor default. */
  value: unknown;
}

/** Below this a table is nothing but borders. */
const narrowest = 60;

/** Every setting in a table that fits so many columns, where there are enough of them. */
export function renderSettings(settings: readonly ShownSetting[], width: number): string {
  const rows = settings.map(({ key, value, source, where }) => [
    key,
    valueText(value),
    visible(where ?? source),
  ]);
  if (width < narrowest) return rows.map(([key, value, from]) => `${key}: ${value} (${from})`).join("\n");
  const head = ["setting", "value", "from"];
  const longest = (column: number) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0));
  // A border and two spaces for each column, and one border more.
  const room = Math.max(width - 3 * head.length - 1 - longest(0), 0);
  const from = Math.min(longest(2), Math.floor(room / 2));
  const widths = [longest(0), Math.min(longest(1), room - from), from];
  return compactTable(
    head,
    rows,
    widths.map((column) => column + 2),
    false,
  );
}

function valueText(value: unknown): string {
  if (value === undefined) return "not set";
  if (Array.isArray(value)) return value.map(valueText).join(",");
  return visible(String(value));
}

/** The same for a program: a list of objects, with null for a setting that is not set. */
export function renderSettingsJson(settings: readonly ShownSetting[]): string {
  const rows = settings.map(({ key, value = null, source, where }) => ({ key, value, source, where }));
  return JSON.stringify(rows, null, 2);
}
