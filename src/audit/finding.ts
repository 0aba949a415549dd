import type { RuleId, Severity } from "./rules.ts";
import type { Waiver } from "./waivers.ts";

/** A place where a rule is broken. */
export interface Finding {
  rule: RuleId;
  severity: Severity;
  /** The file's path, below the path that was given as it was given. */
  file: string;
  /** From 1. */
  line: number;
  /** The line, cut, without obvious credentials. */
  excerpt: string;
  /** Why it may stay; null for a finding that nobody waived. */
  waiver: Waiver | null;
}

/** What decides whether a finding fails an audit. */
export type Weight = Pick<Finding, "severity" | "waiver">;

/** Whether a finding fails an audit: an error or a warning that nobody waived. */
export function fails({ severity, waiver }: Weight): boolean {
  return waiver === null && severity !== "note";
}

/** `2 errors, 1 warning, 1 waived`; without any, `nothing`. */
export function tally(findings: readonly Weight[]): string {
  const unwaived = (severity: Severity) =>
    findings.filter((one) => one.waiver === null && one.severity === severity).length;
  const waived = findings.filter(({ waiver }) => waiver !== null).length;
  const parts = (["error", "warning", "note"] as const).map((word) => plural(unwaived(word), word));
  return (
    [...parts, waived === 0 ? "" : `${waived} waived`].filter((part) => part !== "").join(", ") || "nothing"
  );
}

const plural = (number: number, word: string): string =>
  number === 0 ? "" : `${number} ${word}${number === 1 ? "" : "s"}`;
