import { median } from "simple-statistics";
import { count, formatBytes, formatSeconds, list } from "../check/units.ts";
import { severity, type VerdictWord } from "../model/verdict.ts";
import type { Removal } from "../policy/removals.ts";
import { lossesBetween } from "./lost-images.ts";
import { fewestNights, type Slowdown, slowdown, type TimedNight } from "./slower.ts";
import type { RunSummary } from "./summary.ts";

/**
 * What became of one thing since the last good run. `worse` was seen; `unsure` is what was known then and is not
 * tonight; `new` has nothing to be compared with.
 */
export type Change = "worse" | "unsure" | "better" | "same" | "new";

/** One thing that was compared. */
export interface Compared {
  kind: "verdict" | "control" | "layer bytes" | "manifest GETs" | "time" | "images";
  /** A claim, a control, a deploy, a time or a host's images. */
  subject: string;
  before: string;
  tonight: string;
  change: Change;
}

/** What tonight's run is compared with. */
export interface References {
  /** Good runs of the same plan on the same ground, oldest first. */
  good: readonly RunSummary[];
  /** Those of them that ran on the same machine and line. */
  timed: readonly RunSummary[];
  /** The last run, good or not: what its host had then, the host should have now. */
  last: RunSummary | null;
  /** What the reference policy removed from this host, and why. */
  removals: readonly Removal[];
}

/** Compares a run with what there is to compare it with. Without a good run only controls and images are. */
export function compare(tonight: RunSummary, { good, timed, last, removals }: References): Compared[] {
  const lastGood = good.at(-1);
  return [
    ...tonight.uncaught.map(uncaught),
    ...(lastGood === undefined ? [] : verdicts(tonight, lastGood)),
    ...(lastGood === undefined ? [] : redeploys(tonight, good)),
    ...(lastGood === undefined ? [] : times(tonight, timed)),
    ...(last === null ? [] : images(tonight, last, removals)),
  ];
}

/** No good run missed a control. */
function uncaught(subject: string): Compared {
  return { kind: "control", subject, before: "caught", tonight: "not caught", change: "worse" };
}

function verdicts(tonight: RunSummary, lastGood: RunSummary): Compared[] {
  return tonight.claims.map(({ id, verdict }) => {
    const before = lastGood.claims.find((claim) => claim.id === id)?.verdict;
    return {
      kind: "verdict",
      subject: id,
      before: before ?? "not asked for",
      tonight: verdict,
      change: before === undefined ? "new" : verdictChange(before, verdict),
    };
  });
}

function verdictChange(before: VerdictWord, now: VerdictWord): Change {
  const [was, is] = [severity.indexOf(before), severity.indexOf(now)];
  if (is === was) return "same";
  if (is > was) return "better";
  return now === "fail" || now === "error" ? "worse" : "unsure";
}

/** The most that any good run had is what a redeploy may have. */
function redeploys(tonight: RunSummary, good: readonly RunSummary[]): Compared[] {
  // One that tonight's evidence does not show is not known, and not forgotten.
  const unseen = (good.at(-1)?.redeploys ?? []).filter(
    ({ name }) => !tonight.redeploys.some((one) => one.name === name),
  );
  const all = [
    ...tonight.redeploys,
    ...unseen.map(({ name }) => ({ name, layerBytes: null, manifestGets: null })),
  ];
  return all.flatMap(({ name, layerBytes, manifestGets }): Compared[] => {
    const same = good.flatMap((run) => run.redeploys.filter((other) => other.name === name));
    const bytesBefore = most(same.map((other) => other.layerBytes));
    const getsBefore = most(same.map((other) => other.manifestGets));
    return [
      {
        kind: "layer bytes",
        subject: name,
        before: bytesBefore === null ? "unknown" : formatBytes(bytesBefore),
        tonight: layerBytes === null ? "unknown" : formatBytes(layerBytes),
        change: amountChange(bytesBefore, layerBytes),
      },
      {
        kind: "manifest GETs",
        subject: name,
        before: String(getsBefore ?? "unknown"),
        tonight: String(manifestGets ?? "unknown"),
        change: amountChange(getsBefore, manifestGets),
      },
    ];
  });
}

function most(amounts: readonly (number | null)[]): number | null {
  const known = amounts.filter((amount) => amount !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function amountChange(before: number | null, now: number | null): Change {
  if (before === null) return "new";
  if (now === null) return "unsure";
  return now > before ? "worse" : now < before ? "better" : "same";
}

const timings = [
  { subject: "warm deploy", samplesOf: ({ warmDeploys }: RunSummary) => warmDeploys },
  { subject: "requests of a warm deploy", samplesOf: ({ warmPulls }: RunSummary) => warmPulls },
] as const;

function times(tonight: RunSummary, timed: readonly RunSummary[]): Compared[] {
  return timings.flatMap(({ subject, samplesOf }): Compared[] => {
    const night = (run: RunSummary): TimedNight => ({ samples: samplesOf(run), teardowns: run.teardowns });
    const found = slowdown(night(tonight), timed.map(night));
    const samples = samplesOf(tonight);
    const before = timed.flatMap((run) => samplesOf(run));
    if (samples.length === 0 && before.length === 0) return [];
    return [
      {
        kind: "time",
        subject,
        before: before.length === 0 ? "unknown" : medianText(before),
        tonight: samples.length === 0 ? "unknown" : `${medianText(samples)}${saySlowdown(found)}`,
        change: timeChange(found),
      },
    ];
  });
}

function medianText(seconds: readonly number[]): string {
  return formatSeconds(median([...seconds]));
}

function timeChange({ verdict, nights }: Slowdown): Change {
  // With nights enough, it is tonight's samples that are too few.
  if (verdict === "too few") return nights < fewestNights ? "new" : "unsure";
  return verdict === "slower" ? "worse" : "same";
}

function saySlowdown({ ratio, relative, bound, nights }: Slowdown): string {
  if (ratio === null || relative === null || bound === null)
    return ", too few good nights or samples to compare";
  return `, ${ratio.toFixed(2)} times as in ${count(nights, "night")}; beside the teardowns ${relative.toFixed(2)} times, of which more than ${bound.toFixed(2)} is slower`;
}

function images(tonight: RunSummary, last: RunSummary, removals: readonly Removal[]): Compared[] {
  const losses = lossesBetween(last, tonight, removals);
  if (losses === null) return [];
  const about = { kind: "images", subject: `live, since the end of ${last.run}` } as const;
  if ("unseen" in losses)
    return [{ ...about, before: "unknown", tonight: `not seen: ${losses.unseen}`, change: "unsure" }];
  if ("otherStore" in losses)
    return [{ ...about, before: losses.otherStore, tonight: "another store: not compared", change: "new" }];
  const { lost, explained } = losses;
  const before = count(last.live?.last?.length ?? 0, "image");
  if (lost.length > 0) {
    const found = `${count(lost.length, "image")} lost without a reason: ${list(lost, 5)}`;
    return [{ ...about, before, tonight: found, change: "worse" }];
  }
  const found = explained.length === 0 ? "none lost" : `pullproof prune removed ${list(explained, 5)}`;
  return [{ ...about, before, tonight: found, change: "same" }];
}
