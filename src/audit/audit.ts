import { collect, requirePaths } from "./collect.ts";
import type { Finding } from "./finding.ts";
import { loadParsers, type ParsedLanguage, parsed } from "./grammars.ts";
import { NotParsed } from "./model.ts";
import { type Source, scan } from "./scan.ts";
import { type Skipped, unparsed } from "./skipped.ts";

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
  const parsers = await loadParsers(parsed.filter((one) => sources.some((source) => needs(source, one))));
  const findings: Finding[] = [];
  const broken: Skipped[] = [];
  for (const source of sources) {
    try {
      findings.push(...scan(source, parsers, today));
    } catch (thrown) {
      // What is nested too deep for any reader ends in a RangeError.
      if (!(thrown instanceof NotParsed || thrown instanceof RangeError)) throw thrown;
      broken.push({ path: source.path, reason: unparsed(source.language) });
    }
  }
  return { paths, files: sources.length - broken.length, skipped: [...skipped, ...broken], findings };
}

/** What a text says that runs or writes one in another language: `python3 -c`, `cat > clean.py`. */
const mentions: Record<ParsedLanguage, RegExp> = {
  python: /python|\.py\b/,
  javascript: /\bnode\b|\.[cm]?js\b/,
  typescript: /\.[cm]?ts\b/,
  tsx: /\.tsx\b/,
  go: /\.go\b/,
  ruby: /ruby|\.rb\b/,
};

function needs({ language, content }: Source, parser: ParsedLanguage): boolean {
  return language === parser || mentions[parser].test(content);
}

/** The day of a moment, in UTC, by which waivers expire. */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
