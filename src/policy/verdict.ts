import { nameOf } from "../check/store.ts";
import { count, formatBytes, formatShare, list } from "../check/units.ts";
import { ExitCode } from "../model/failure.ts";
import { type FileSystem, share } from "../model/pressure.ts";
import type { Applied } from "./apply.ts";
import { defaultMarks, formatMark, type Marks, pressureOf } from "./marks.ts";
import type { Rules } from "./model.ts";
import type { Survey } from "./survey.ts";

/** How a prune run ended, or would end: for scripts, and in one sentence. */
export interface PruneVerdict {
  exitCode: ExitCode;
  text: string;
}

/** What a verdict is about. */
export interface Judged {
  survey: Pick<Survey, "plan" | "rules" | "state">;
  dataRoot: string;
  /** Null for a plan that is not, or need not be, carried out. */
  applied: Applied | null;
}

/** The verdict on a plan, or on what came of it. */
export function pruneVerdict({ survey, dataRoot, applied }: Judged): PruneVerdict {
  const { plan, rules } = survey;
  const use = useOf(plan.disk, dataRoot, rules, "high");
  if (!plan.pressure) return { exitCode: ExitCode.pass, text: `nothing to do: ${use}` };
  if (plan.busy !== null) {
    return { exitCode: ExitCode.tryLater, text: `nothing may be removed now: ${plan.busy}; ${use}` };
  }
  return applied === null ? planned(survey, use) : outcome(survey, applied, dataRoot);
}

function planned({ plan, rules, state }: Judged["survey"], use: string): PruneVerdict {
  const images = plan.decisions.filter(({ does }) => does === "remove");
  const removal = `would remove ${count(images.length, "image")} (about ${formatBytes(plan.freedBytes)})`;
  if (plan.sufficient) return { exitCode: ExitCode.pass, text: `${removal}: ${use}` };
  const { disk } = state;
  const bytesLeft = { ...disk, usedBytes: disk.usedBytes - plan.freedBytes, usedInodes: 0 };
  // Of inodes nothing can be promised, nor that they are not enough.
  const text = pressureOf(bytesLeft, rules.marks).aboveLow
    ? `${tooLittle(plan.decisions)}; ${removal}: ${use}`
    : `${removal}, and only then it shows whether enough inodes are free: ${use}`;
  return { exitCode: ExitCode.fail, text };
}

function outcome({ plan, rules }: Judged["survey"], applied: Applied, dataRoot: string): PruneVerdict {
  const { images, disk, failure, busy, left, unknown, reached } = applied;
  const freed = images.removed.reduce((sum, { freedBytes }) => sum + freedBytes, 0);
  const use = disk === null ? "the disk could not be looked at" : useOf(disk, dataRoot, rules, "low");
  const removal = `removed ${count(images.removed.length, "image")} (${formatBytes(freed)} freed)`;
  if (failure !== null) {
    const unsure = unknown === null ? "" : `, whether ${unknown} is gone is not known`;
    const rest = `${removal}${unsure}, did not come to ${count(left.length, "image")}`;
    return { exitCode: ExitCode.internal, text: `the run broke off: ${rest}; ${use}` };
  }
  if (busy !== null) return { exitCode: ExitCode.tryLater, text: `stopped: ${busy}; ${removal}; ${use}` };
  if (reached) return { exitCode: ExitCode.pass, text: `${removal}: ${use}` };
  return { exitCode: ExitCode.fail, text: `${tooLittle(plan.decisions)}; ${removal}: ${use}` };
}

/** The largest of what stays: it is for an operator to say whether it has to. */
function tooLittle(decisions: Survey["plan"]["decisions"]): string {
  const kept = decisions.filter(({ does }) => does === "keep").map(({ image }) => image);
  const largest = kept.toSorted((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1)).slice(0, 3);
  const named = largest.map((image) => `${nameOf(image)} (${formatBytes(image.bytes)})`);
  const which = named.length === 0 ? "" : ` (the largest: ${list(named)})`;
  return `protected images alone keep the disk above the low mark${which}`;
}

/** `85 % of the file system of /var/lib/docker is used, the high mark is 80 %`; of its inodes, where they decide. */
function useOf(disk: FileSystem, dataRoot: string, { marks }: Rules, name: keyof Marks): string {
  const over = (part: FileSystem) => pressureOf(part, marks)[name === "high" ? "high" : "aboveLow"];
  const overBytes = over({ ...disk, usedInodes: 0 });
  const overInodes = over({ ...disk, usedBytes: 0 });
  const bytes = share(disk.usedBytes, disk.totalBytes);
  const inodes = share(disk.usedInodes, disk.totalInodes);
  const mark = marks[name];
  const where = `the file system of ${dataRoot}`;
  if (overInodes === overBytes ? inodes > bytes : overInodes) {
    // A size says nothing of inodes: their marks are the default ones then.
    const limit = "bytes" in mark ? defaultMarks[name] : mark;
    return `${formatShare(inodes)} of the inodes of ${where} are used, the ${name} mark is ${formatMark(limit)}`;
  }
  const used = "bytes" in mark ? formatBytes(disk.usedBytes) : formatShare(bytes);
  return `${used} of ${where} ${"bytes" in mark ? "are" : "is"} used, the ${name} mark is ${formatMark(mark)}`;
}
