import { readHistory } from "../check/history.ts";
import type { Manifest } from "../check/manifest.ts";
import { claimIds } from "../model/claim.ts";
import type { EntryOf } from "../model/evidence.ts";
import { waiverList } from "./audit-section.ts";
import { chainOf } from "./chain.ts";
import { criterionTable } from "./criterion-table.ts";
import { codeSpan, escapeMarkdown } from "./escape.ts";
import { type ReportInput, renderReport } from "./markdown.ts";
import { reproduceSection } from "./reproduce.ts";
import { table } from "./table.ts";

/** What a review is made from: a run as it is stored. */
export interface ReviewInput extends Omit<ReportInput, "linkPrefix"> {
  /** The run's folder as seen from the document's, with `/` between its parts. */
  folder: string;
  /** The sums that seal the run; null for one that was cut short. */
  manifest: Manifest | null;
}

/** The run that a review is about. */
export interface ReviewedRun {
  /** As in `ReviewInput`. */
  folder: string;
  /** SHA-256 of the evidence, in hexadecimal. */
  evidenceHash: string;
}

/**
 * What is attached to a review document: what a reviewer asks first, and then the report. Every criterion has a verdict, that
 * of which no claim was asked for as well. Begins with a comment from which `reviewedRun` reads what it is about.
 */
export function renderReview(input: ReviewInput): string {
  const { entries, judgement, evidenceHash, folder, manifest } = input;
  const history = readHistory(entries);
  const { run, environments } = history;
  const path = folder.split("/").map(linkPart).join("/");
  return [
    `<!-- pullproof:run ${path} sha256:${evidenceHash} -->`,
    `# Review: ${judgement.overall.toUpperCase()}`,
    `Run ${codeSpan(run.data.id)}, ${run.wall.slice(0, 10)}`,
    criterionTable(judgement, claimIds),
    "## How to reproduce it",
    reproduceSection(history, chainOf(history).environment, folder),
    "## Evidence",
    evidenceTable(evidenceHash, manifest),
    "## Waivers",
    waiverList(history.audit),
    "## Environment",
    hostTable(environments),
    renderReport({ ...input, linkPrefix: `${path}/` }),
  ].join("\n\n");
}

/** The run that an attached review is about; null for what is no review. */
export function reviewedRun(attached: string): ReviewedRun | null {
  const [, path, evidenceHash] = /^<!-- pullproof:run (\S+) sha256:([0-9a-f]{64}) -->/.exec(attached) ?? [];
  if (path === undefined || evidenceHash === undefined) return null;
  try {
    return { folder: path.split("/").map(decodeURIComponent).join("/"), evidenceHash };
  } catch {
    // Not an encoding that linkPart makes.
    return null;
  }
}

/** A part of a path in a link, or in a comment, neither of which it can end. */
function linkPart(part: string): string {
  return encodeURIComponent(part).replaceAll("(", "%28").replaceAll(")", "%29");
}

function evidenceTable(evidenceHash: string, manifest: Manifest | null): string {
  if (manifest === null)
    return `The run was cut short: no sums vouch for its files. The SHA-256 of its evidence as it is: \`${evidenceHash}\``;
  const rows = [...manifest].map(([name, hash]) => [codeSpan(name), `\`${hash}\``]);
  return `${table(["file", "SHA-256"], rows)}\n\nThese are the sums of \`SHA256SUMS\`; \`sha256sum -c SHA256SUMS\` checks them in the run's folder.`;
}

function hostTable(environments: readonly EntryOf<"environment">[]): string {
  if (environments.length === 0) return "The environment was not recorded.";
  const rows = environments.map(({ host, data: { engine, deployer } }) => [
    host ?? "unnamed",
    engine.version,
    `${engine.imageStore}/${engine.storageDriver}`,
    `${engine.os}, kernel ${engine.kernel}`,
    `${deployer.name} ${deployer.version}`,
  ]);
  return table(
    ["host", "engine", "image store", "system", "deployed by"],
    rows.map((row) => row.map(escapeMarkdown)),
  );
}
