import type { Body } from "../model/evidence.ts";
import { type History, merge, sequence } from "./history.ts";

/** What one identity's rate-limit counters and the hub's ledger say about the same stretch of a run. */
export interface BudgetUse {
  /** Pulls that the counters lost between their first and last readings; null when one was not readable. */
  spent: number | null;
  /** Pulls that the ledger has between those readings, by whichever step. */
  counted: number;
  /** The readings. */
  evidence: number[];
}

/**
 * Compares counters and ledger for the hosts of the judged steps, each of which has a budget of its own. Whatever
 * else a host did between the readings counts as well, because its counter saw that too.
 */
export function budgetUse(history: History, identity: Body<"ratelimit">["identity"]): BudgetUse {
  const hosts = [...new Set(history.steps.map((step) => step.host))];
  const uses = hosts.map((host) => hostUse(history, identity, host));
  return {
    spent: uses.reduce<number | null>(
      (sum, { spent }) => (sum === null || spent === null ? null : sum + spent),
      0,
    ),
    counted: uses.reduce((sum, { counted }) => sum + counted, 0),
    evidence: merge(...uses.map(({ evidence }) => evidence)),
  };
}

/** Readings that do not enclose the judged steps, and a counter that rose with a new window, tell nothing. */
function hostUse(history: History, identity: Body<"ratelimit">["identity"], host: string | null): BudgetUse {
  const readings = history.ratelimits.filter(
    (entry) => entry.host === host && entry.data.identity === identity,
  );
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) return { spent: null, counted: 0, evidence: [] };
  const account = identity === "anonymous" ? null : history.run.data.account;
  const counted = history.requests.filter(
    ({ seq, host: from, data }) =>
      from === host && data.counted && data.account === account && seq > first.seq && seq < last.seq,
  ).length;
  const encloses = history.steps
    .filter((step) => step.host === host)
    .every(
      ({ invoke, outcome }) => first.seq < invoke.seq && outcome !== undefined && outcome.seq < last.seq,
    );
  const [before, after] = [first.data.remaining, last.data.remaining];
  const known = encloses && before !== null && after !== null && after <= before;
  return { spent: known ? before - after : null, counted, evidence: sequence(first, last) };
}
