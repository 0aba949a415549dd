import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { judge } from "../../src/check/judge.ts";
import type { Entry } from "../../src/model/evidence.ts";
import { createRunFolder, files, writeResults } from "../../src/runner/run-folder.ts";
import { jsonLines } from "./edit.ts";

/** Writes a run as `verify` leaves it: evidence, what was judged from it, and the manifest. */
export function storeRun(path: string, entries: readonly Entry[]): string {
  createRunFolder(path);
  writeFileSync(join(path, files.evidence), jsonLines(entries));
  writeResults(path, entries, judge(entries));
  return path;
}

/** Evidence with other values in its header. */
export function withHeader(
  entries: readonly Entry[],
  changes: Partial<Extract<Entry, { kind: "run" }>["data"]>,
): Entry[] {
  return entries.map((entry) =>
    entry.kind === "run" ? { ...entry, data: { ...entry.data, ...changes } } : entry,
  );
}
