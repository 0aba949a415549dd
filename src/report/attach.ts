import { ExitCode, Failure } from "../model/failure.ts";

const begin = "<!-- pullproof:begin -->";
const end = "<!-- pullproof:end -->";

/**
 * Puts a report between the markers of a document, in place of whatever was there; a document without markers gets
 * them, with the report, at its end. Nothing outside the markers changes by a byte. The report's headings move down
 * so that they stand below the heading over the markers.
 * @throws Failure when the markers are not one pair in order, each on a line of its own
 */
export function attachReport(document: string, report: string): string {
  const eol = document.includes("\r\n") ? "\r\n" : "\n";
  const { head, tail } = around(document, eol);
  const body = shiftHeadings(report.trimEnd(), lastHeadingLevel(head)).replaceAll("\n", eol);
  if (body.split(eol).some((line) => [begin, end].includes(line.trim())))
    throw new Failure(ExitCode.internal, {
      what: "the report itself holds a marker",
      next: "report this as a bug, with the run's folder",
    });
  return [head, begin, eol, eol, body, eol, eol, end, tail].join("");
}

/** The text before the first marker and after the last, without the markers. */
function around(document: string, eol: string): { head: string; tail: string } {
  const markers = [...document.matchAll(/^[ \t]*(<!-- pullproof:(?:begin|end) -->)[ \t]*(?=\r?$)/gm)];
  const [first, second] = markers;
  if (first === undefined) {
    const gap = document === "" ? "" : document.endsWith("\n") ? eol : eol + eol;
    return { head: document + gap, tail: eol };
  }
  if (second === undefined || markers.length > 2 || first[1] !== begin || second[1] !== end)
    throw new Failure(ExitCode.config, {
      what: "the document's markers are not one pair in order",
      seen: markers.map((marker) => marker[1]).join(" then "),
      next: `keep one ${begin} and, below it, one ${end}, each on a line of its own`,
    });
  return {
    head: document.slice(0, first.index),
    tail: document.slice(second.index + second[0].length),
  };
}

function lastHeadingLevel(markdown: string): number {
  let level = 0;
  mapOutsideFences(markdown, (line) => {
    level = /^(#{1,6})\s/.exec(line)?.[1]?.length ?? level;
    return line;
  });
  return level;
}

function shiftHeadings(markdown: string, by: number): string {
  return mapOutsideFences(markdown, (line) =>
    line.replace(/^(#{1,6})(?=\s)/, (marks) => "#".repeat(Math.min(6, marks.length + by))),
  );
}

/** Applies a function to each line that is not inside a fenced code block. */
function mapOutsideFences(markdown: string, apply: (line: string) => string): string {
  let fence: string | undefined;
  return markdown
    .split("\n")
    .map((line) => {
      const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
      const inside = fence !== undefined;
      if (fence === undefined) fence = mark;
      else if (mark?.startsWith(fence)) fence = undefined;
      return inside || mark !== undefined ? line : apply(line);
    })
    .join("\n");
}
