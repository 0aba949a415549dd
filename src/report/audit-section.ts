import { fails, tally } from "../audit/finding.ts";
import { count } from "../check/units.ts";
import type { EntryOf } from "../model/evidence.ts";
import { reasonOf } from "./audit.ts";
import { codeSpan, escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** So many findings a reader looks at; the evidence has the rest. */
const most = 50;

/** What a run found in code and documents: each finding, those that count first, and the documents that name the policy. */
export function auditSection({ data }: EntryOf<"audit">): string {
  const parts = [];
  if (data.paths.length > 0) parts.push(codePart(data));
  if (data.documents.paths.length > 0) parts.push(documentsPart(data.documents));
  return parts.join("\n\n");
}

function codePart({ paths, files, skipped, findings }: EntryOf<"audit">["data"]): string {
  const left = skipped.map(({ reason, count: number }) => `${number} ${escapeMarkdown(reason)}`);
  const scanned = `${spans(paths)}: ${tally(findings)} in ${count(files, "file")}${left.length === 0 ? "" : `; skipped: ${left.join(", ")}`}.`;
  const ordered = [...findings.filter(fails), ...findings.filter((one) => !fails(one))];
  if (ordered.length === 0) return scanned;
  const rows = ordered
    .slice(0, most)
    .map(({ rule, severity, file, line, excerpt, waiver }) => [
      waiver === null ? severity : "waived",
      rule,
      escapeMarkdown(`${file}:${line}`),
      codeSpan(excerpt),
      waiver === null ? "" : escapeMarkdown(reasonOf(waiver)),
    ]);
  const more = ordered.length - rows.length;
  return [
    scanned,
    table(["", "rule", "where", "what", "waived because"], rows),
    ...(more === 0 ? [] : [`And ${more} more.`]),
  ].join("\n\n");
}

function documentsPart({ paths, files }: EntryOf<"audit">["data"]["documents"]): string {
  const naming = files.filter(({ namesCommand }) => namesCommand);
  const rows = naming.map(({ path, sha256 }) => [escapeMarkdown(path), `\`${sha256}\``]);
  const said = `Documents under ${spans(paths)}: ${naming.length} of ${files.length} name the judged prune command.`;
  return rows.length === 0 ? said : `${said}\n\n${table(["document", "SHA-256"], rows)}`;
}

/** What the audit found and somebody let stay, each with its reason; without any, `None.`. */
export function waiverList(audit: EntryOf<"audit"> | undefined): string {
  const lines = (audit?.data.findings ?? []).flatMap(({ rule, file, line, waiver }) =>
    waiver === null
      ? []
      : [`- ${rule} at ${escapeMarkdown(`${file}:${line}`)}: ${escapeMarkdown(reasonOf(waiver))}`],
  );
  return lines.length === 0 ? "None." : lines.join("\n");
}

const spans = (paths: readonly string[]): string => paths.map(codeSpan).join(", ");
