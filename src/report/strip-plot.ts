/** Dots by how many samples fall into a cell. */
const dots = ["·", "•", "●"] as const;

/** An empty cell: not a space, for HTML makes one of many. */
const empty = "─";

/** Samples on a line of text from 0 to `max`, `width` cells wide. */
export function stripPlot(samples: readonly number[], max: number, width = 32): string {
  const cells = Array.from({ length: width }, () => 0);
  for (const sample of samples) {
    const at = max > 0 ? Math.min(width - 1, Math.floor((sample / max) * width)) : 0;
    cells[at] = (cells[at] ?? 0) + 1;
  }
  return cells.map((n) => (n === 0 ? empty : (dots[Math.min(n, dots.length) - 1] ?? ""))).join("");
}
