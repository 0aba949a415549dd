import type { PruneSettings } from "../config/prune-settings.ts";
import { busyReason } from "./busy.ts";
import { catchUp } from "./catch-up.ts";
import { type StoppedContainer, stoppedContainers } from "./containers.ts";
import type { LocalEngine } from "./engine.ts";
import { layerSizes } from "./layer-sizes.ts";
import type { Look } from "./look.ts";
import { pressureOf } from "./marks.ts";
import type { HostState, PrunePlan, Rules, UseRecord } from "./model.ts";
import { readPins } from "./pinned-files.ts";
import { classify, planPrune } from "./plan.ts";
import { readState } from "./state-file.ts";

/** What a prune run knows before it does anything. */
export interface Survey {
  /** The moment that all ages are told of, in milliseconds since the epoch. */
  now: number;
  state: HostState;
  rules: Rules;
  /** Brought up to date, and not yet written. */
  record: UseRecord;
  /** Why uses may have been missed; null when none was. */
  gap: string | null;
  /** What is wrong with a state file that cannot be used; null otherwise. */
  stateProblem: string | null;
  /** Bytes of layers by diff ID; empty unless something may be removed. */
  layerBytes: ReadonlyMap<string, number>;
  plan: PrunePlan;
  /** Stopped containers that go before any image does. */
  containers: readonly StoppedContainer[];
}

/** Looks at a host, and plans. Changes nothing. Throws a Failure when something that it needs cannot be seen. */
export async function survey(
  engine: LocalEngine,
  look: Look,
  settings: PruneSettings,
  clock: () => number,
): Promise<Survey> {
  const { docker } = engine;
  const rules: Rules = {
    marks: { high: settings.high, low: settings.low },
    minAgeMs: settings.minAge,
    keep: settings.keep,
    pinned: readPins(settings.abraDir, settings.composeFiles),
  };
  const stored = await readState(settings.stateDir, engine.id);
  const state = await look.whole();
  const now = clock();
  const { record, gap } = await catchUp(engine, stored.record, state, now);
  const input = { state, record, rules, now };
  // What is asked for below serves a removal only, and costs a request for each candidate.
  const acts = pressureOf(state.disk, rules.marks).high && busyReason(state) === null;
  const classified = classify(input);
  const candidates = acts ? classified.decisions.filter(({ does }) => does === "spare") : [];
  const layerBytes = await layerSizes(
    docker,
    candidates.map(({ image }) => image),
  );
  const containers =
    acts && settings.containers !== null
      ? await stoppedContainers(docker, state.containers, settings.containers.minAge, now)
      : [];
  const plan = planPrune({ ...input, layerBytes }, classified);
  return { now, state, rules, record, gap, stateProblem: stored.problem, layerBytes, plan, containers };
}
