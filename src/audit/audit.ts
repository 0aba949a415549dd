import { collect, requirePaths } from "./collect.ts";
import type { Finding } from "./finding.ts";
import { loadParsers, parsed } from "./grammars.ts";
import { NotParsed } from "./model.ts";
import { scan } from "./scan.ts";
import type { Skipped } from "./skipped.ts";

/** What an audit of some paths came to. */
export interface AuditResult {
  /** As they were given. */
  paths: readonly string[];
  /** Files that were scanned. */
  files: number;
  skipped: readonly Skipped[];
  findings: readonly Finding[];
}

/**
 * Scans everything below some paths. `today` is the day by which waivers expire, as `2026-11-23`. Throws a Failure
 * (usage) for a path that is not there.
 */
export async function audit(paths: readonly string[], today: string): Promise<AuditResult> {
  requirePaths(paths, "name files and folders that are there: pullproof audit scripts/ .github/");
  const { sources, skipped } = collect(paths);
  const parsers = await loadParsers(parsed.filter((one) => sources.some(({ language }) => language === one)));
  const findings: Finding[] = [];
  const unparsed: Skipped[] = [];
  for (const source of sources) {
    try {
      findings.push(...scan(source, parsers, today));
    } catch (thrown) {
      // What is nested too deep for any reader ends in a RangeError.
      if (!(thrown instanceof NotParsed || thrown instanceof RangeError)) throw thrown;
      unparsed.push({ path: source.path, reason: `no ${source.language} that can be parsed` });
    }
  }
  return { paths, files: sources.length - unparsed.length, skipped: [...skipped, ...unparsed], findings };
}

/** The day of a moment, in UTC, by which waivers expire. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
