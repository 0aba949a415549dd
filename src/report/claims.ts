import { claims } from "../model/claim.ts";
import type { Entry, Kind } from "../model/evidence.ts";
import type { Verdict } from "../model/verdict.ts";
import { escapeMarkdown } from "./escape.ts";
import { formatRanges } from "./ranges.ts";

/** Which witness an entry is, for a reader. */
const witnesses: Record<Kind, string> = {
  run: "run",
  audit: "audit",
  environment: "environment",
  published: "published images",
  invoke: "steps",
  outcome: "outcomes",
  request: "hub ledger",
  images: "image store",
  disk: "disk",
  interface: "interface",
  accounting: "IP accounting",
  event: "engine events",
  fence: "event fence",
  ratelimit: "rate-limit headers",
  clock: "clock",
  inventory: "inventory",
  uses: "containers and services",
  activity: "activities",
  gap: "gaps",
  end: "end",
};

/** One section for each claim that was asked for. */
export function claimSections(verdicts: readonly Verdict[], entries: readonly Entry[]): string {
  const kinds = new Map(entries.map(({ seq, kind }) => [seq, kind]));
  return verdicts.map((verdict) => section(verdict, kinds)).join("\n\n");
}

function section(verdict: Verdict, kinds: ReadonlyMap<number, Kind>): string {
  const { id, expected, found, evidence, remedy, hosts } = verdict;
  const lines = [`- expected: ${escapeMarkdown(expected)}`, `- found: ${escapeMarkdown(found)}`];
  if (hosts.length > 0) lines.push(`- judged on: ${hosts.map(escapeMarkdown).join(", ")}`);
  if (evidence.length > 0) lines.push(`- evidence: ${cited(evidence, kinds)}`);
  if (remedy !== null) lines.push(`- remedy: ${remedyText(remedy)}`);
  return [`### ${id} ${escapeMarkdown(claims[id])}: ${verdict.verdict.toUpperCase()}`, "", ...lines].join(
    "\n",
  );
}

/** Remedies are pullproof's own words, in which code is marked by backticks. */
export function remedyText(remedy: string): string {
  return remedy
    .split("`")
    .map((part, index) => (index % 2 === 1 ? `\`${part}\`` : escapeMarkdown(part)))
    .join("");
}

function cited(evidence: readonly number[], kinds: ReadonlyMap<number, Kind>): string {
  const groups = Map.groupBy(evidence, (seq) => kinds.get(seq));
  return [...groups]
    .map(
      ([kind, numbers]) => `${formatRanges(numbers)} (${kind === undefined ? "not found" : witnesses[kind]})`,
    )
    .join(", ");
}
