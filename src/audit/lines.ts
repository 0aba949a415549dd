/** A line that may go on over several, joined, and where it begins, from 1. */
export interface LogicalLine {
  text: string;
  line: number;
}

/** Joins lines that end in a backslash. The line ends stay, so that what is read of it keeps its place. */
export function logicalLines(text: string): LogicalLine[] {
  const joined: LogicalLine[] = [];
  let open = false;
  for (const [index, line] of text.split("\n").entries()) {
    const last = joined.at(-1);
    if (open && last !== undefined) last.text += `\n${line}`;
    else joined.push({ text: line, line: index + 1 });
    open = /(^|[^\\])(\\\\)*\\$/.test(line);
  }
  return joined;
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[:+?]*=\s*(.*)$/s;

/** Variables that a Makefile, a unit or a crontab sets, each as one field. */
export function assignments(lines: readonly LogicalLine[], pattern = assignment): Map<string, string[]> {
  return new Map(
    lines.flatMap(({ text }) => {
      const [, name, value] = pattern.exec(text) ?? [];
      return name === undefined || value === undefined
        ? []
        : [[name, [value.replace(/\s*\\\n\s*/g, " ").trim()]] as const];
    }),
  );
}
