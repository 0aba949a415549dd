import { nameOf } from "../check/store.ts";
import { count, formatBytes } from "../check/units.ts";
import { formatAge } from "../policy/age.ts";
import type { Removed, Skipped } from "../policy/apply.ts";
import { formatMark } from "../policy/marks.ts";
import type { Decision } from "../policy/model.ts";
import type { Survey } from "../policy/survey.ts";
import { type Judged, pruneVerdict } from "../policy/verdict.ts";
import { visible } from "./escape.ts";
import { terminalTable } from "./terminal-table.ts";

/** Everything about one prune run, planned or carried out. */
export interface PruneReport extends Judged {
  survey: Survey;
  /** What an operator should know besides the plan. */
  warnings: readonly string[];
}

/** Of images that stay, the text names no more than this; `--json` names all. */
const most = 200;
const words = { remove: "remove", spare: "may go", keep: "keep" } as const;

/** The plan, or what came of it, as a verdict in one line and a table that fits so many columns. */
export function renderPrune(report: PruneReport, width: number): string {
  const { text } = pruneVerdict(report);
  const parts = [text, report.applied === null ? planTable(report, width) : outcomeTable(report, width)];
  return parts.filter((part) => part !== "").join("\n");
}

function planTable({ survey }: PruneReport, width: number): string {
  const { now, plan, containers } = survey;
  const removed = plan.decisions.filter(({ does }) => does === "remove").length;
  const stopped = containers.map(({ name, endedAt }) => [
    `container ${name}`,
    age(now - endedAt),
    words.remove,
    "stopped, and of no service",
    "",
  ]);
  const decisions = inOrder(survey);
  const rows = decisions.slice(0, removed + most).map(({ image, does, reason, lastUse }) => {
    const bytes = does === "remove" ? `~${formatBytes(plan.frees.get(image.id) ?? 0)}` : "";
    return [nameOf(image), age(now - lastUse), words[does], reason, bytes];
  });
  if (stopped.length + rows.length === 0) return "";
  const table = terminalTable(
    ["image", "last use", "what", "reason", "frees"],
    [...stopped, ...rows],
    3,
    width,
  );
  const more = decisions.length - rows.length;
  return more === 0 ? table : `${table}\n… and ${more} more images that stay: --json names them all`;
}

/** Those that go, in the order in which they go; then those that might; then the others by name. */
function inOrder({ plan }: Survey): Decision[] {
  const place = new Map(plan.order.map((id, index) => [id, index]));
  return plan.decisions
    .map((decision) => {
      const { image } = decision;
      return { decision, rank: place.get(image.id) ?? plan.order.length, name: nameOf(image) };
    })
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1))
    .map(({ decision }) => decision);
}

function outcomeTable({ applied }: PruneReport, width: number): string {
  if (applied === null) return "";
  const { containers, images, buildCacheBytes, left, unknown } = applied;
  const rows = [
    ...outcomeRows(containers, "container "),
    ...(buildCacheBytes === null ? [] : [["build cache", "pruned", "", formatBytes(buildCacheBytes)]]),
    ...outcomeRows(images, ""),
    ...(unknown === null
      ? []
      : [[unknown, "not known", "the engine went away while it was being removed", ""]]),
    ...left.map((name) => [name, "not removed", "the run did not come to it", ""]),
  ];
  return rows.length === 0 ? "" : terminalTable(["image", "what", "reason", "freed"], rows, 2, width);
}

function outcomeRows(
  { removed, skipped }: { removed: readonly Removed[]; skipped: readonly Skipped[] },
  kind: string,
): string[][] {
  return [
    ...removed.map(({ name, freedBytes }) => [`${kind}${name}`, "removed", "", formatBytes(freedBytes)]),
    ...skipped.map(({ name, reason }) => [`${kind}${name}`, "kept", reason, ""]),
  ];
}

/** What becomes of some images, and why, in full. */
export function renderExplanation(report: PruneReport, ids: ReadonlySet<string>): string {
  const { survey } = report;
  const { plan, record, now } = survey;
  const when = (time: number) => `${age(now - time)} (${iso(time)})`;
  const paragraphs = plan.decisions
    .filter(({ image }) => ids.has(image.id))
    .map(({ image, does, reason, lastUse }) => {
      const place = plan.order.indexOf(image.id) + 1;
      const seen = record.images[image.id]?.firstSeen;
      return [
        `${nameOf(image)}: ${words[does]}: ${reason}`,
        `  ID: ${image.id}`,
        ...[...image.tags, ...image.digests].map((name) => `  name: ${name}`),
        `  size: ${formatBytes(image.bytes)} in ${count(image.layers.length, "layer")}, shared ones included`,
        `  last use: ${when(lastUse)}`,
        `  first seen: ${seen === undefined ? "now" : when(seen)}; uses are known since ${iso(record.since)}`,
        ...(place === 0 ? [] : [`  place in the order in which images go: ${place} of ${plan.order.length}`]),
      ].map(visible);
    });
  return [pruneVerdict(report).text, ...paragraphs.map((lines) => lines.join("\n"))].join("\n\n");
}

/**
 * Everything about one prune run as JSON: sizes in bytes, ages in milliseconds, times in ISO 8601. With `ids`, of
 * the images only those.
 */
export function renderPruneJson(report: PruneReport, ids: ReadonlySet<string> | null): string {
  const { survey, dataRoot, warnings, applied } = report;
  const { plan, rules, record, now } = survey;
  const { exitCode, text } = pruneVerdict(report);
  const content = {
    verdict: text,
    exitCode,
    applied: applied !== null,
    at: iso(now),
    dataRoot,
    disk: { before: plan.disk, after: applied === null ? null : applied.disk },
    marks: { high: formatMark(rules.marks.high), low: formatMark(rules.marks.low) },
    minAgeMs: rules.minAgeMs,
    usesKnownSince: iso(record.since),
    pressure: plan.pressure,
    busy: plan.busy ?? applied?.busy ?? null,
    sufficient: plan.sufficient,
    freedBytesEstimate: plan.freedBytes,
    images: imagesOf(survey).filter(({ id }) => ids === null || ids.has(id)),
    containers: survey.containers.map(({ id, name, endedAt }) => ({ id, name, endedAt: iso(endedAt) })),
    outcome: applied,
    warnings,
  };
  return JSON.stringify(content, null, 2);
}

function imagesOf(survey: Survey): { id: string }[] {
  const { plan, record } = survey;
  const place = new Map(plan.order.map((id, index) => [id, index + 1]));
  return inOrder(survey).map(({ image, does, reason, lastUse }) => ({
    ...image,
    name: nameOf(image),
    does,
    reason,
    lastUse: iso(lastUse),
    firstSeen: record.images[image.id] === undefined ? null : iso(record.images[image.id]?.firstSeen ?? 0),
    /** Its place in the order in which images go, from 1; null for one that must not go. */
    place: place.get(image.id) ?? null,
    freesBytesEstimate: plan.frees.get(image.id) ?? null,
  }));
}

/** `3 days ago`; what is not a second ago is now. */
function age(milliseconds: number): string {
  return milliseconds < 1000 ? "now" : `${formatAge(milliseconds)} ago`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
