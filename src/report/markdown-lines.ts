/** A line of a Markdown document. */
export interface MarkdownLine {
  /** Without its line end. */
  text: string;
  /** Where it begins in the document. */
  start: number;
  /** What ends it; empty for the last one. */
  end: string;
  /** Whether it belongs to a fenced code block, the fences included. */
  code: boolean;
}

/** The lines of a document, whatever their line ends, and which of them are code by the rules of CommonMark. */
export function markdownLines(markdown: string): MarkdownLine[] {
  const parts = markdown.split(/(\r\n|\n|\r)/);
  let fence: string | undefined;
  let start = 0;
  const lines: MarkdownLine[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const [text = "", end = ""] = parts.slice(index, index + 2);
    const [, mark, info = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
    const before = fence;
    if (before === undefined) {
      // Where backticks follow, it is a code span and no fence.
      if (mark?.startsWith("~") || !info.includes("`")) fence = mark;
    } else if (mark?.startsWith(before) && info.trim() === "") fence = undefined;
    lines.push({ text, start, end, code: before !== undefined || fence !== undefined });
    start += text.length + end.length;
  }
  return lines;
}
