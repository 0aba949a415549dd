import type { Entry, EntryOf, Kind } from "../model/evidence.ts";
import type { ImageVariant, Scenario, Step } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";

/** The state of the host at one moment between two steps, as far as each witness saw it. */
export interface Boundary {
  images?: EntryOf<"images">;
  disk?: EntryOf<"disk">;
  interface?: EntryOf<"interface">;
  accounting?: EntryOf<"accounting">;
  clock?: EntryOf<"clock">;
  inventory?: EntryOf<"inventory">;
  uses?: EntryOf<"uses">;
  account?: EntryOf<"ratelimit">;
  anonymous?: EntryOf<"ratelimit">;
}

/** Everything that is known about one step: its plan, how it ended, what was seen during and around it. */
export interface StepHistory<S extends Step = Step> {
  scenario: string;
  host: string | null;
  plan: S;
  invoke: EntryOf<"invoke">;
  /** Absent when the run was cut short: the outcome is then unknown. */
  outcome: EntryOf<"outcome"> | undefined;
  /** Requests at the hub, without those that pullproof itself made to read the rate-limit headers. */
  requests: EntryOf<"request">[];
  events: EntryOf<"event">[];
  fence: EntryOf<"fence"> | undefined;
  gaps: EntryOf<"gap">[];
  /** What went on during a prune run. */
  activity: EntryOf<"activity"> | undefined;
  before: Boundary;
  after: Boundary;
}

/** A run's evidence, ordered for the checkers. */
export interface History {
  run: EntryOf<"run">;
  /** What was found in code and documents, where the run was told of any. */
  audit: EntryOf<"audit"> | undefined;
  /** One per host under test. */
  environments: EntryOf<"environment">[];
  published: EntryOf<"published">[];
  /** The steps of every scenario that was started, in order. */
  steps: StepHistory[];
  /** The same, of all scenarios, whichever of them a checker is given to judge: what went before decides what is old. */
  timeline: readonly StepHistory[];
  /** Requests of the whole run, whichever step they belong to, without pullproof's own. */
  requests: EntryOf<"request">[];
  /** Those of them that reached the hub before the first step of their host. */
  strays: EntryOf<"request">[];
  /** Readings of the rate-limit counters in the whole run. */
  ratelimits: EntryOf<"ratelimit">[];
  end: EntryOf<"end"> | undefined;
}

/** User agent of pullproof's own requests; what they do to the hub is not the host's doing. */
export const witnessAgent = "pullproof-witness";

/** Orders entries by step. Throws when the first entry is not the run's header. */
export function readHistory(entries: readonly Entry[]): History {
  const [first] = entries;
  if (first?.kind !== "run") throw new Error("the evidence does not begin with the run's header");
  const steps: StepHistory[] = [];
  const history: History = {
    run: first,
    audit: undefined,
    environments: [],
    published: [],
    steps,
    timeline: steps,
    requests: [],
    strays: [],
    ratelimits: [],
    end: undefined,
  };
  // Hosts may work side by side, so each has a boundary and a current step of its own.
  const boundaries = new Map<string | null, Boundary>();
  const current = new Map<string | null, StepHistory>();
  for (const entry of entries) {
    const step = current.get(entry.host);
    if (entry.kind === "request") {
      if (entry.data.userAgent.startsWith(witnessAgent)) continue;
      history.requests.push(entry);
      if (step === undefined) history.strays.push(entry);
    }
    if (entry.kind === "ratelimit") history.ratelimits.push(entry);
    if (entry.kind === "audit") history.audit = entry;
    if (entry.kind === "environment") history.environments.push(entry);
    else if (entry.kind === "published") history.published.push(entry);
    else if (entry.kind === "end") history.end = entry;
    else if (entry.kind === "invoke") {
      const begun = stepHistory(entry, boundaries.get(entry.host) ?? {});
      current.set(entry.host, begun);
      boundaries.set(entry.host, begun.after);
      history.steps.push(begun);
    } else if (step !== undefined) attribute(step, entry);
    else {
      const start = boundaries.get(entry.host) ?? {};
      boundaries.set(entry.host, start);
      observe(start, entry);
    }
  }
  return history;
}

function stepHistory(invoke: EntryOf<"invoke">, before: Boundary): StepHistory {
  return {
    scenario: invoke.scenario ?? "",
    host: invoke.host,
    plan: invoke.data,
    invoke,
    outcome: undefined,
    requests: [],
    events: [],
    fence: undefined,
    gaps: [],
    activity: undefined,
    before,
    after: {},
  };
}

function attribute(step: StepHistory, entry: Entry): void {
  if (entry.kind === "outcome") step.outcome = entry;
  else if (entry.kind === "request") step.requests.push(entry);
  else if (entry.kind === "event") step.events.push(entry);
  else if (entry.kind === "fence") step.fence = entry;
  else if (entry.kind === "gap") step.gaps.push(entry);
  else if (entry.kind === "activity") step.activity = entry;
  else observe(step.after, entry);
}

function observe(boundary: Boundary, entry: Entry): void {
  if (entry.kind === "images") boundary.images = entry;
  else if (entry.kind === "disk") boundary.disk = entry;
  else if (entry.kind === "interface") boundary.interface = entry;
  else if (entry.kind === "accounting") boundary.accounting = entry;
  else if (entry.kind === "clock") boundary.clock = entry;
  else if (entry.kind === "inventory") boundary.inventory = entry;
  else if (entry.kind === "uses") boundary.uses = entry;
  else if (entry.kind === "ratelimit") boundary[entry.data.identity] = entry;
}

/** The part of a history that one scenario made. */
export function ofScenarios(history: History, accept: (scenario: Scenario) => boolean): History {
  const accepted = new Set(history.run.data.scenarios.filter(accept).map((scenario) => scenario.id));
  return { ...history, steps: history.steps.filter((step) => accepted.has(step.scenario)) };
}

/** The steps of one kind, typed. */
export function stepsThat<D extends Step["do"]>(
  history: History,
  does: D,
): StepHistory<Extract<Step, { do: D }>>[] {
  return history.steps.filter((step) => step.plan.do === does) as StepHistory<Extract<Step, { do: D }>>[];
}

/** The last step of one kind on the same host before the given one, as far as the history reaches. */
export function stepBefore<D extends Step["do"]>(
  history: History,
  step: StepHistory,
  does: D,
): StepHistory<Extract<Step, { do: D }>> | undefined {
  return stepsThat(history, does).findLast((other) => other.host === step.host && isBefore(other, step));
}

/** The first step of one kind on the same host after the given one. */
export function stepAfter<D extends Step["do"]>(
  history: History,
  step: StepHistory,
  does: D,
): StepHistory<Extract<Step, { do: D }>> | undefined {
  return stepsThat(history, does).find((other) => other.host === step.host && isBefore(step, other));
}

function isBefore(a: StepHistory, b: StepHistory): boolean {
  return a.invoke.seq < b.invoke.seq;
}

/** The image that a step's own hub was given as one variant of a tag; the newest where there are several. */
export function publishedAs(
  history: History,
  step: StepHistory,
  image: ImageVariant,
): EntryOf<"published"> | undefined {
  return history.published.findLast(
    ({ host, data }) =>
      host === step.host &&
      parseReference(data.repository).repository === parseReference(image.repository).repository &&
      data.tag === image.tag &&
      data.variant === image.variant,
  );
}

/** Whether a step was carried out: `ok`, and not merely begun. */
export function endedOk(step: StepHistory): boolean {
  return step.outcome?.data.status === "ok";
}

/** How a step ended that did not end `ok`, for a sentence about it. */
export function endOf(step: StepHistory): string {
  if (step.outcome === undefined) return `${step.plan.id} has no outcome`;
  const { status, message } = step.outcome.data;
  // An engine's message may be pages long; the whole of it is in the evidence.
  const reason = message === null ? "" : `: ${message.slice(0, 300)}`;
  return status === "info"
    ? `how ${step.plan.id} ended is unknown${reason}`
    : `${step.plan.id} failed${reason}`;
}

/**
 * The witnesses of src/witness/boundary.ts, whose silence shows as a missing observation. A gap of any other may
 * mean that requests are missing.
 */
const boundaryWitnesses: ReadonlySet<string> = new Set([
  "accounting",
  "events",
  "images",
  "inventory",
  "machine",
  "rate limit",
  "uses",
]);

/** Gaps that leave a step's list of requests incomplete. */
export function ledgerGaps(step: StepHistory): EntryOf<"gap">[] {
  return step.gaps.filter(({ data }) => !boundaryWitnesses.has(data.witness));
}

/** Sequence numbers of entries, ascending and without repeats; missing entries are left out. */
export function sequence(...entries: (EntryOf<Kind> | undefined)[]): number[] {
  return merge(entries.flatMap((entry) => (entry === undefined ? [] : [entry.seq])));
}

/** Lists of sequence numbers as one, ascending and without repeats. */
export function merge(...numbers: (readonly number[])[]): number[] {
  return [...new Set(numbers.flat())].sort((a, b) => a - b);
}
