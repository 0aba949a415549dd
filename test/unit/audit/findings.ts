import type { Finding } from "../../../src/audit/finding.ts";
import { loadParsers, parsed } from "../../../src/audit/grammars.ts";
import type { Language } from "../../../src/audit/model.ts";
import { scan } from "../../../src/audit/scan.ts";

const parsers = await loadParsers(parsed);

/** The findings in a text, on the day of this project's first audit. */
export function findingsIn(language: Language, content: string, today = "2026-11-23"): Finding[] {
  return scan({ path: "file", language, content }, parsers, today);
}

/** The same as `PP101 3`: rule and line. */
export function rulesIn(language: Language, content: string): string[] {
  return findingsIn(language, content).map(({ rule, line }) => `${rule} ${line}`);
}
