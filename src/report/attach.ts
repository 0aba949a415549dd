import { ExitCode, Failure } from "../model/failure.ts";
import { type MarkdownLine, markdownLines } from "./markdown-lines.ts";

const begin = "<!-- pullproof:begin -->";
const end = "<!-- pullproof:end -->";

/** A document around its markers. */
interface Around {
  /** Up to the first marker. */
  head: string;
  /** From the end of the second. */
  tail: string;
  /** What stands between them; null where the document has no markers yet. */
  between: string | null;
  /** How the document ends its lines, there. */
  eol: string;
}

/**
 * Puts a report between the markers of a document, in place of whatever was there; a document without markers gets
 * them, with the report, at its end. Nothing outside the markers changes by a byte. The report's headings move down
 * so that they stand below the heading over the markers. Markers in a code block are text.
 * @throws Failure when the markers are not one pair in order, each on a line of its own
 */
export function attachReport(document: string, report: string): string {
  const { head, tail, eol } = around(document);
  const body = shiftHeadings(report.trimEnd(), lastHeadingLevel(head)).replaceAll("\n", eol);
  const attached = [head, begin, eol, eol, body, eol, eol, end, tail].join("");
  requireFound(attached, head, tail);
  return attached;
}

/** What is attached to a document, as it stands there; null where there is nothing. Throws as `attachReport` does. */
export function attachedReport(document: string): string | null {
  const between = around(document).between?.trim() ?? "";
  return between === "" ? null : between;
}

function around(document: string): Around {
  const markers = markersOf(document);
  const [first, second] = markers;
  if (first === undefined) {
    const eol = document.includes("\r\n") ? "\r\n" : "\n";
    const gap = document === "" ? "" : document.endsWith("\n") ? eol : eol + eol;
    return { head: document + gap, tail: eol, between: null, eol };
  }
  if (second === undefined || markers.length > 2 || first.marker !== begin || second.marker !== end)
    throw new Failure(ExitCode.config, {
      what: "the document's markers are not one pair in order",
      seen: markers.map(({ marker }) => marker).join(" then "),
      next: `keep one ${begin} and, below it, one ${end}, each on a line of its own and in no code block`,
    });
  return {
    head: document.slice(0, first.offset),
    tail: document.slice(second.offset + end.length),
    between: document.slice(first.offset + begin.length, second.offset),
    eol: first.line.end,
  };
}

/** The markers of a document, in order: each alone on a line that is no code. */
function markersOf(document: string): { marker: string; offset: number; line: MarkdownLine }[] {
  return markdownLines(document).flatMap((line) => {
    const [, indent = "", marker = ""] =
      /^( {0,3})(<!-- pullproof:(?:begin|end) -->)[ \t]*$/.exec(line.text) ?? [];
    return marker === "" || line.code ? [] : [{ marker, offset: line.start + indent.length, line }];
  });
}

/** What was attached must be what the next attachment replaces. */
function requireFound(attached: string, head: string, tail: string): void {
  if (markdownLines(head).at(-1)?.code)
    throw new Failure(ExitCode.config, {
      what: "the document ends within a code block, where no marker can stand",
      next: "close the code block with its fence",
    });
  const found = markersOf(attached);
  if (found.length === 2 && found[0]?.offset === head.length && attached.endsWith(end + tail)) return;
  throw new Failure(ExitCode.internal, {
    what: "the report itself holds a marker, or a code block without its end",
    next: "report this as a bug, with the run's folder",
  });
}

function lastHeadingLevel(markdown: string): number {
  const headings = markdownLines(markdown).flatMap(({ text, code }) =>
    code ? [] : (/^(#{1,6})\s/.exec(text)?.[1]?.length ?? []),
  );
  return headings.at(-1) ?? 0;
}

function shiftHeadings(markdown: string, by: number): string {
  return markdownLines(markdown)
    .map(({ text, end, code }) =>
      code
        ? text + end
        : text.replace(/^(#{1,6})(?=\s)/, (marks) => "#".repeat(Math.min(6, marks.length + by))) + end,
    )
    .join("");
}
