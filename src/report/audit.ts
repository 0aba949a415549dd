import type { AuditResult } from "../audit/audit.ts";
import { type Finding, fails, tally } from "../audit/finding.ts";
import { type RuleId, ruleIds, rules } from "../audit/rules.ts";
import { reasonsOf } from "../audit/skipped.ts";
import { count } from "../check/units.ts";
import { visible } from "./escape.ts";
import { compactTable } from "./terminal-table.ts";

/** Below this a table is nothing but borders. */
const narrowest = 80;

/** An audit for a terminal of so many columns: the findings, what to do about each rule, and what was scanned. */
export function renderAudit(result: AuditResult, width: number): string {
  const { findings, paths } = result;
  const parts = [
    findings.length === 0 ? "" : tableOf(findings, width),
    ...ruleIds.flatMap((id) => adviceOn(id, findings)),
    `${visible(paths.join(", "))}: ${tally(findings)} in ${count(result.files, "file")}${leftOut(result)}`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function tableOf(findings: readonly Finding[], width: number): string {
  const rows = findings.map(({ rule, severity, file, line, excerpt, waiver }) => [
    waiver === null ? severity : "waived",
    rule,
    visible(`${file}:${line}`),
    visible(waiver === null ? excerpt : `${excerpt} (${reasonOf(waiver)})`),
  ]);
  if (width < narrowest) return rows.map((row) => row.join(" ")).join("\n");
  // With the space on both sides, and five borders.
  const [severity, rule] = [9, 7];
  const longest = Math.max(...rows.map(([, , where = ""]) => where.length)) + 2;
  const left = width - severity - rule - 5;
  const where = Math.min(longest, Math.floor(left / 2));
  // A path has no spaces, and must not be cut off.
  return compactTable(["", "rule", "where", "what"], rows, [severity, rule, where, left - where], false);
}

/** Why somebody let a finding stay, and until when. */
export function reasonOf({ reason, until }: { reason: string; until: string | null }): string {
  return until === null ? reason : `${reason}, until ${until}`;
}

function adviceOn(id: RuleId, findings: readonly Finding[]): string[] {
  const { matches, why, remedy } = rules[id];
  if (!findings.some((one) => one.rule === id && one.waiver === null)) return [];
  return [`${id} ${matches}\n  hurts: ${storesOf(id)}\n  why: ${why}\n  next: ${remedy}`];
}

/** The image stores that a rule is about, in words. */
export function storesOf(id: RuleId): string {
  const { stores } = rules[id];
  if (stores.length === 2) return "both image stores";
  return stores.length === 0 ? "neither of Docker's image stores" : `the ${stores[0]} image store`;
}

function leftOut({ skipped }: AuditResult): string {
  if (skipped.length === 0) return "";
  const reasons = reasonsOf(skipped).map(({ reason, count: number }) => `${number} ${reason}`);
  return `; skipped ${skipped.length}: ${visible(reasons.join(", "))}`;
}

/** An audit as JSON, with what each finding's rule says. */
export function renderAuditJson(result: AuditResult): string {
  const { paths, files, skipped, findings } = result;
  const told = findings.map((finding) => {
    const { stores, why, remedy } = rules[finding.rule];
    return { ...finding, stores, why, remedy };
  });
  return JSON.stringify({ fails: findings.some(fails), paths, files, findings: told, skipped }, null, 2);
}
