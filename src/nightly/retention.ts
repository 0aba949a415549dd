import { beganAt } from "./run-names.ts";

/** How much is kept: see keepRuns and keepDays of `pullproof.yaml`. */
export interface Retention {
  keepRuns: number;
  keepDays: number;
}

const dayMs = 86_400_000;

/** A run that is so young may be going on, or wait to be resumed. */
const youngMs = dayMs;

/**
 * The runs to remove, of folders that are named as runs are: those beyond the newest `keepRuns`, and those older than
 * `keepDays`; never one to be spared, and none of the last day.
 */
export function expired(
  names: readonly string[],
  { keepRuns, keepDays }: Retention,
  spared: ReadonlySet<string>,
  now: number,
): string[] {
  const newest = names.toSorted().reverse();
  return newest.filter((name, index) => {
    const began = beganAt(name);
    if (began === null || spared.has(name)) return false;
    const age = now - began;
    return age > youngMs && (index >= keepRuns || age > keepDays * dayMs);
  });
}
