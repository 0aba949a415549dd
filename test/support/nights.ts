import { readHistory } from "../../src/check/history.ts";
import { judge } from "../../src/check/judge.ts";
import { seededRandom } from "../../src/check/random.ts";
import { cachedDeploys } from "../../src/check/redeploy.ts";
import type { ClaimId } from "../../src/model/claim.ts";
import type { Entry } from "../../src/model/evidence.ts";
import { judgeNight, type Night, type StoredNight } from "../../src/nightly/night.ts";
import { recordOf } from "../../src/nightly/record.ts";
import { type RunSummary, summarize } from "../../src/nightly/summary.ts";
import { chain, timing } from "./scenarios.ts";
import type { SimulatedPrune } from "./simulated-prune.ts";
import { simulate } from "./simulation.ts";
import { withHeader } from "./stored-run.ts";

/** Claims that the simulated plan can pass. */
const claims: ClaimId[] = ["PC1.1", "PC1.4", "PC2.1", "PC2.2", "PC2.4", "PC3.1", "PC3.2", "G3", "G4"];

/** The name of the run of a night, by its number from 1. */
export const runOf = (night: number): string => `202601${String(night).padStart(2, "0")}-030405-000a`;

/** The evidence of an uneventful night. */
export function quietNight(night: number, prune?: SimulatedPrune): Entry[] {
  const run = simulate({ scenarios: [chain(), timing()], ...(prune === undefined ? {} : { prune }) });
  const header = withHeader(run, { id: runOf(night), claims });
  const wall = new Date(Date.UTC(2026, 0, night, 3, 4, 5)).toISOString();
  return header.map((entry) => ({ ...entry, wall }));
}

/** The same evidence, in which a step took `factor` times as long, and each of its requests did. */
export function slowedBy(entries: readonly Entry[], factorOf: (step: string) => number): Entry[] {
  return entries.map((entry): Entry => {
    const factor = entry.step === null ? 1 : factorOf(entry.step);
    if (entry.kind === "outcome")
      return { ...entry, data: { ...entry.data, seconds: entry.data.seconds * factor } };
    if (entry.kind !== "request") return entry;
    const { start, end } = entry.data;
    return { ...entry, data: { ...entry.data, start: start * factor, end: end * factor } };
  });
}

/** A night on a machine of which every step takes now more, now less: 15 %, and as much again from night to night. */
export function noisyNight(night: number, seed: string, entries = quietNight(night)): Entry[] {
  const random = seededRandom(`${seed} ${night}`);
  // The sum of twelve is nearly normal, with a deviation of one.
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
  const mood = Math.exp(0.15 * normal());
  const factors = new Map<string, number>();
  return slowedBy(entries, (step) => {
    const factor = factors.get(step) ?? mood * Math.exp(0.15 * normal());
    factors.set(step, factor);
    return factor;
  });
}

/** The same evidence, in which deploys from a warm cache took `factor` times as long. */
export function slowWhenWarm(entries: readonly Entry[], factor: number): Entry[] {
  const warm = new Set(cachedDeploys(readHistory(entries)).map(({ plan }) => plan.id));
  return slowedBy(entries, (step) => (warm.has(step) ? factor : 1));
}

/** A run's summary, by what its evidence is judged as. */
export const summaryOf = (entries: readonly Entry[]): RunSummary => summarize(entries, judge(entries));

/**
 * Judges night after night, each by those before it, as `pullproof nightly` does; the one with the index `baseline` as
 * it does with `--new-baseline`.
 */
export function judgeNights(nights: readonly (readonly Entry[])[], baseline = -1): Night[] {
  const before: StoredNight[] = [];
  return nights.map((entries, index) => {
    const judgement = judge(entries);
    const tonight = summarize(entries, judgement);
    const night = judgeNight({ tonight, judgement, before, removals: [], beginAnew: index === baseline });
    before.push({ name: tonight.run, summary: tonight, good: night.good, record: recordOf(night) });
    return night;
  });
}
