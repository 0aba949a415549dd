import { readFileSync, truncateSync } from "node:fs";

/** Cuts off what a killed writer left of a last line, and returns the lines that are whole, each without its end. */
export function wholeLines(path: string): string[] {
  const content = readFileSync(path);
  const end = content.lastIndexOf("\n") + 1;
  if (end < content.length) truncateSync(path, end);
  return content.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
}
