import { basename } from "node:path";
import type { Removal } from "../policy/removals.ts";
import { testRunOf } from "../report/test-cases.ts";
import { mostShown, type TrendNight } from "../report/trend.ts";
import type { VerifyResult } from "../runner/verify.ts";
import { readNights } from "./history.ts";
import { judgeNight, type Night, regressions, type StoredNight } from "./night.ts";
import { summarize } from "./summary.ts";
import type { NightReport } from "./write-night.ts";

/** What comparing with stored runs takes, beside the run. */
export interface Tonight extends VerifyResult {
  /** The folder of all runs. */
  reports: string;
  removals: readonly Removal[];
  beginAnew: boolean;
}

/** What a night came to, and the runs that must outlive it. */
export interface ComparedNight extends NightReport {
  /** Names of the folders of tonight's run, of the one that it was compared with, and of the last good one. */
  spared: string[];
}

/** Compares a run that has just been made with those that lie beside it. */
export function compareTonight({
  folder,
  entries,
  judgement,
  reports,
  removals,
  beginAnew,
}: Tonight): ComparedNight {
  const { nights, notes } = readNights(reports, basename(folder));
  const tonight = summarize(entries, judgement);
  const judged = judgeNight({ tonight, judgement, before: nights, removals, beginAnew });
  const night = { ...judged, notes: [...judged.notes, ...notes] };
  const lastGood = nights.findLast(({ good }) => good);
  const references = nights.filter((one) => one === lastGood || one.summary.run === night.comparedWith);
  return {
    night,
    trend: [...nights.flatMap(storedTrend), trendNight(night)].slice(-mostShown),
    tests: testRunOf(entries, judgement),
    spared: [basename(folder), ...references.map(({ name }) => name)],
  };
}

/** A run that no night judged is no part of the trend: it may have been made to try something. */
function storedTrend({ summary, record }: StoredNight): TrendNight[] {
  if (record === null) return [];
  return [{ summary, beginsAnew: record.comparedWith === null, regressions: record.regressions.length }];
}

function trendNight({ summary, comparedWith, compared }: Night): TrendNight {
  return { summary, beginsAnew: comparedWith === null, regressions: regressions(compared).length };
}
