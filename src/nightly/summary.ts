import { spentIn } from "../check/budget-in-step.ts";
import { hasLedger, layerTraffic } from "../check/bytes.ts";
import {
  endedOk,
  type History,
  ledgerGaps,
  ofScenarios,
  readHistory,
  type StepHistory,
  stepsThat,
} from "../check/history.ts";
import { manifestGets } from "../check/pc2-4-redeploy-checks-once.ts";
import { cachedDeploys } from "../check/redeploy.ts";
import { samplesOf } from "../check/timing.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Entry, StoredImage } from "../model/evidence.ts";
import type { Judgement, VerdictWord } from "../model/verdict.ts";
import { behaviourConditions, type Conditions, speedConditions } from "./conditions.ts";

/** A deploy that should find everything in the cache, in numbers. */
export interface Redeploy {
  /** Host, scenario and step. */
  name: string;
  /** Layer bytes that it downloaded; null where two witnesses do not say so. */
  layerBytes: number | null;
  /** Manifest GETs that the hub answered; null where the ledger is silent or has gaps. */
  manifestGets: number | null;
}

/** The image store of a live host, at the beginning and at the end of a run; null where it was not seen. */
export interface LiveStore {
  /** Which store: on another one, every image has another ID. */
  store: string;
  first: readonly StoredImage[] | null;
  last: readonly StoredImage[] | null;
}

/** What a night is compared by, from the evidence of one run. */
export interface RunSummary {
  run: string;
  /** When it began and ended, ISO 8601, UTC. */
  began: string;
  ended: string;
  overall: VerdictWord;
  /** The claims that were asked for. */
  claims: { id: ClaimId; verdict: VerdictWord }[];
  /** Controls that were not caught. */
  uncaught: string[];
  behaviour: Conditions;
  speed: Conditions;
  redeploys: Redeploy[];
  /** Seconds of each timed warm deploy, and of its requests. */
  warmDeploys: number[];
  warmPulls: number[];
  /** Seconds of each teardown, which touches no image: how fast the machine is that night. */
  teardowns: number[];
  live: LiveStore | null;
}

/** Extracts what nights are compared by. Throws when the first entry is not a run's header. */
export function summarize(entries: readonly Entry[], judgement: Judgement): RunSummary {
  const whole = readHistory(entries);
  const { run } = whole;
  // Controls are meant to break things.
  const history = ofScenarios(whole, ({ control }) => !control);
  const { warm } = samplesOf(history);
  return {
    run: run.data.id,
    began: run.wall,
    ended: entries.at(-1)?.wall ?? run.wall,
    overall: judgement.overall,
    claims: judgement.claims.flatMap(({ id, verdict }) =>
      run.data.claims.includes(id) ? [{ id, verdict }] : [],
    ),
    uncaught: judgement.controls.flatMap(({ id, caught }) => (caught ? [] : [id])),
    behaviour: behaviourConditions(whole),
    speed: speedConditions(whole),
    redeploys: redeploysOf(history),
    warmDeploys: [...warm.map(({ deploySeconds }) => deploySeconds), ...warmOnLive(history)],
    warmPulls: warm.map(({ pullSeconds }) => pullSeconds),
    teardowns: stepsThat(history, "teardown").flatMap((step) =>
      step.outcome !== undefined && endedOk(step) ? [step.outcome.data.seconds] : [],
    ),
    live: liveStore(whole),
  };
}

function redeploysOf(history: History): Redeploy[] {
  return cachedDeploys(history).map((step) => {
    const { agreed, bytes } = layerTraffic(history, step);
    return {
      name: `${step.host}/${step.scenario}/${step.plan.id}`,
      layerBytes: agreed === "none" || agreed === "some" ? bytes : null,
      manifestGets: hasLedger(history, step.host) ? byLedger(step) : byBudgets(step),
    };
  });
}

function byLedger(step: StepHistory): number | null {
  const watched = step.requests.length > 0 && ledgerGaps(step).length === 0;
  return watched ? manifestGets(step).length : null;
}

/** Without a ledger, what the deploy took off the pull budgets. */
function byBudgets(step: StepHistory): number | null {
  const [account, anonymous] = [spentIn(step, "account"), spentIn(step, "anonymous")];
  return account === null || anonymous === null ? null : account + anonymous;
}

/** Seconds of the warm deploys of a live host: it gives no cold sample to compare with, and so none is timed as one. */
function warmOnLive(history: History): number[] {
  return cachedDeploys(history).flatMap((step) =>
    !hasLedger(history, step.host) && step.outcome !== undefined && endedOk(step)
      ? [step.outcome.data.seconds]
      : [],
  );
}

/** Labs are made anew for each run: only a host that was there before can have lost something since. */
const liveHost = "live";

function liveStore({ environments, steps }: History): LiveStore | null {
  const environment = environments.find(({ host }) => host === liveHost);
  if (environment === undefined) return null;
  const { imageStore, storageDriver, dataRoot } = environment.data.engine;
  const own = steps.filter(({ host }) => host === liveHost);
  return {
    store: `${imageStore}/${storageDriver} in ${dataRoot}`,
    first: own[0]?.before.images?.data.images ?? null,
    last: own.at(-1)?.after.images?.data.images ?? null,
  };
}
