import { type History, type StepHistory, stepsThat } from "../check/history.ts";
import type { PruneRun } from "../check/prune-runs.ts";
import { loss } from "../check/store.ts";
import { formatBytes, formatShare, list } from "../check/units.ts";
import { usedShare } from "../model/pressure.ts";
import { escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** What goes on during a prune run, in words. */
const activities = {
  lock: "a run held the host's lock",
  pull: "a pull was in flight",
  convergence: "a service converged",
  "second-prune": "a second prune run",
} as const;

/** Rows beyond these say the same again: of runs that removed nothing at rest, as many are counted. */
const quietRows = 3;

/** The table of prune runs: what went on, how full the disk was, what was removed, how it ended. */
export function pruneTable(history: History): string {
  const prunes = stepsThat(history, "prune");
  if (prunes.length === 0) return "No prune run was made.";
  const shown = prunes.filter(
    (step, index) => !isQuiet(step) || prunes.slice(0, index).filter(isQuiet).length < quietRows,
  );
  const left = prunes.length - shown.length;
  const rows = shown.map((step) => [
    `${escapeMarkdown(step.host ?? "")} ${escapeMarkdown(step.plan.id)}`,
    step.plan.during === null ? "" : activities[step.plan.during],
    `${share(step.before)} → ${share(step.after)}`,
    removals(step),
    freed(step),
    escapeMarkdown(step.outcome?.data.message ?? step.outcome?.data.status ?? "?"),
  ]);
  const text = table(["prune run", "meanwhile", "disk in use", "removed", "freed", "ended"], rows, [4]);
  return left === 0 ? text : `${text}\n\nAnd ${left} more that removed nothing, at rest.`;
}

function isQuiet({ before, after, plan }: PruneRun): boolean {
  return (
    plan.during === null &&
    before.images !== undefined &&
    after.images !== undefined &&
    loss(before.images, after.images).images.length === 0
  );
}

function share({ disk }: StepHistory["before"]): string {
  return disk === undefined ? "?" : formatShare(usedShare(disk.data));
}

function removals({ before, after }: StepHistory): string {
  if (before.images === undefined || after.images === undefined) return "?";
  const { images } = loss(before.images, after.images);
  return images.length === 0 ? "nothing" : `${images.length}: ${escapeMarkdown(list(images, 6))}`;
}

function freed({ before, after }: StepHistory): string {
  if (before.disk === undefined || after.disk === undefined) return "?";
  return formatBytes(Math.max(0, before.disk.data.usedBytes - after.disk.data.usedBytes));
}
