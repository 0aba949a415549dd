import { exitCodeOf } from "../check/judge.ts";
import { ExitCode } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import type { Removal } from "../policy/removals.ts";
import { type Compared, compare } from "./compare.ts";
import { differences } from "./conditions.ts";
import { notesOn } from "./notes.ts";
import type { NightRecord } from "./record.ts";
import type { RunSummary } from "./summary.ts";

/** A stored run that tonight's may be compared with. */
export interface StoredNight {
  /** The name of its folder. */
  name: string;
  summary: RunSummary;
  /** Whether it can be a reference: see `isGood`. */
  good: boolean;
  /** What its own night came to; null for a run that `pullproof verify` made. */
  record: NightRecord | null;
}

/** What tonight's run came to. */
export interface Night {
  summary: RunSummary;
  /** The last good run of the same plan on the same ground; null where tonight begins anew. */
  comparedWith: string | null;
  compared: Compared[];
  /** What a reader must know beside that: what is not compared and why, one sentence each. */
  notes: string[];
  /** What tonight is not compared by, because no good run is comparable; empty where all is compared. */
  newBaseline: ("verdicts, bytes and requests" | "times")[];
  good: boolean;
  exitCode: ExitCode;
}

/** What is known when a night is judged. */
export interface NightInput {
  tonight: RunSummary;
  judgement: Judgement;
  /** Sound runs, oldest first, without tonight's. */
  before: readonly StoredNight[];
  removals: readonly Removal[];
  /** Compare with nothing: what is found tonight is to be the normal state. */
  beginAnew: boolean;
}

/** Compares tonight's run with those before it, and says how the job ends. */
export function judgeNight({ tonight, judgement, before, removals, beginAnew }: NightInput): Night {
  const goodNights = before.filter(({ good }) => good);
  const comparable = goodNights.filter(({ summary }) => alike(summary.behaviour, tonight.behaviour));
  const good = beginAnew ? [] : sinceBaseline(comparable).map(({ summary }) => summary);
  const timed = good.filter((run) => alike(run.speed, tonight.speed));
  const last = before.findLast(({ summary }) => summary.live !== null)?.summary ?? null;
  const compared = compare(tonight, { good, timed, last, removals });
  const lastGood = good.at(-1);
  const night = { compared, comparedWith: lastGood?.run ?? null };
  const newBaseline: Night["newBaseline"] = [
    ...(lastGood === undefined ? (["verdicts, bytes and requests"] as const) : []),
    ...(timed.length === 0 ? (["times"] as const) : []),
  ];
  return {
    ...night,
    summary: tonight,
    newBaseline,
    notes: notesOn(tonight, { latest: goodNights.at(-1)?.summary, lastGood, timed, beginAnew }),
    good: isGood(judgement, compared),
    exitCode: exitCodeOfNight(judgement, night),
  };
}

/** What a baseline replaced is the normal state no more: neither a slow nor a lavish past excuses anything. */
function sinceBaseline(nights: readonly StoredNight[]): readonly StoredNight[] {
  const begins = nights.findLastIndex(({ record }) => record?.comparedWith === null);
  return nights.slice(Math.max(0, begins));
}

function alike(was: RunSummary["behaviour"], is: RunSummary["behaviour"]): boolean {
  return differences(was, is).length === 0;
}

/**
 * Whether later nights may be measured by this one: no claim failed, every control was caught, and nothing was worse,
 * or less sure, than in the run that it was itself compared with. So along good runs no verdict ever gets worse.
 */
export function isGood({ overall }: Pick<Judgement, "overall">, compared: readonly Compared[]): boolean {
  return overall !== "fail" && overall !== "error" && regressions(compared).length === 0;
}

/** What is worse than it was, and what was known then and is not tonight. */
export function regressions(compared: readonly Compared[]): Compared[] {
  return compared.filter(({ change }) => change === "worse" || change === "unsure");
}

/**
 * How the job ends (docs/exit-codes.md). A broken instrument outweighs all. Without a good run to compare with, the
 * run's own code decides; with one, what got worse since.
 */
export function exitCodeOfNight(
  judgement: Judgement,
  { compared, comparedWith }: Pick<Night, "compared" | "comparedWith">,
): ExitCode {
  const own = exitCodeOf(judgement);
  if (own === ExitCode.internal || own === ExitCode.fail) return own;
  if (compared.some(({ change }) => change === "worse")) return ExitCode.fail;
  if (compared.some(({ change }) => change === "unsure")) return ExitCode.inconclusive;
  return comparedWith === null ? own : ExitCode.pass;
}
