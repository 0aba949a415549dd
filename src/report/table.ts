/** A Markdown table. Cells must be escaped already; columns are left-aligned unless named in `right`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (right.includes(index) ? "---:" : "---"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
