import Table from "cli-table3";
import { visible } from "./escape.ts";

/** Below this a table is nothing but borders. */
const narrowest = 80;

/**
 * A table for a terminal of so many columns, without lines between its rows. The column with the index `sentence` is
 * wrapped where it is too long, and after it the first, which holds names. On a narrow terminal it is a list.
 */
export function terminalTable(
  head: string[],
  rows: readonly string[][],
  sentence: number,
  width: number,
): string {
  const cells = rows.map((row) => row.map(visible));
  if (width < narrowest) {
    return cells.map((row) => row.filter((cell) => cell !== "").join(", ")).join("\n");
  }
  const colWidths = columnWidths([head, ...cells], sentence, width);
  // A name has no spaces, and must not be cut off.
  const atWords = cells.every(([name = ""]) => name.length <= (colWidths[0] ?? 0));
  // With the space on both sides.
  return compactTable(
    head,
    cells,
    colWidths.map((column) => column + 2),
    atWords,
  );
}

/** A table without lines between its rows, whose columns, with the space on both sides, are so wide. */
export function compactTable(
  head: string[],
  rows: readonly string[][],
  colWidths: number[],
  wrapOnWordBoundary: boolean,
): string {
  const table = new Table({
    head,
    colWidths,
    wordWrap: true,
    wrapOnWordBoundary,
    style: { head: [], border: [] },
    // A line between any two rows would double the table.
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  table.push(...rows);
  return table.toString();
}

/** Every column as wide as its longest cell; where that is too wide, the sentences are wrapped, and then the names. */
function columnWidths(rows: readonly string[][], sentence: number, width: number): number[] {
  const longest = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  // A border and two spaces for each column, and one border more.
  const room = width - 3 * longest.length - 1;
  const others = longest.reduce(
    (sum, column, index) => sum + (index === 0 || index === sentence ? 0 : column),
    0,
  );
  const name = Math.min(longest[0] ?? 0, Math.max(20, room - others - 30));
  const left = Math.max(10, room - others - name);
  return longest.map((column, index) => {
    if (index === 0) return name;
    return index === sentence ? Math.min(column, left) : column;
  });
}
