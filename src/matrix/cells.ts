import { type MatrixClaim, matrixClaims, plainPrune, told } from "../../suites/matrix.ts";
import { type History, readHistory, type StepHistory, sequence, stepsThat } from "../check/history.ts";
import { judge } from "../check/judge.ts";
import { loss } from "../check/store.ts";
import { count } from "../check/units.ts";
import { type Effect, effectOf } from "../gauntlet/cells.ts";
import { type Mode, modes } from "../gauntlet/modes.ts";
import type { Body, Entry } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";
import type { Verdict } from "../model/verdict.ts";
import type { MatrixEngine } from "./engines.ts";

/** One engine in one mode, on a host of its own. */
export interface CellPlan {
  /** As evidence names the host. */
  host: string;
  mode: Mode;
}

/** Every mode of an engine. */
export function cellsOf({ name, imageStores }: MatrixEngine): CellPlan[] {
  return modes
    .filter(({ imageStore }) => imageStores.includes(imageStore))
    .map((mode) => ({ host: `${name}-${mode.name}`, mode }));
}

/** What was seen of one engine in one mode. */
export interface Cell {
  /** What the engine says of itself; null when it was not asked. */
  engine: Body<"environment">["engine"] | null;
  verdicts: Record<MatrixClaim, Verdict>;
  /** What plain `docker image prune -f` took away, and what the next deploy downloaded again. */
  plainPrune: Effect;
  traits: Record<TraitName, Trait>;
}

/** What an engine does by itself, whether or not a claim asks for it, in words that can be compared. Null is unknown. */
export interface Trait {
  seen: string | null;
  evidence: number[];
}

export const traitNames = {
  stored: "stored after a deploy",
  cold: "cold deploy",
  warm: "warm deploy",
  token: "asks for tokens with",
  pulls: "pull events of a warm deploy",
  pruned: "loses to docker image prune -f",
  events: "image events of that",
  moved: "loses when a tag moves",
  vanished: "says of a tag that vanished",
  broken: "says of a broken layer",
} as const;
export type TraitName = keyof typeof traitNames;

/** Reads a cell from the evidence of a whole run. `scenarios` are the ids of those that the cell was to go through. */
export function cellOf(entries: readonly Entry[], host: string, scenarios: readonly string[]): Cell {
  const own = ofCell(entries, host, scenarios);
  const history = readHistory(own);
  const { claims } = judge(own);
  return {
    engine: history.environments[0]?.data.engine ?? null,
    verdicts: Object.fromEntries(
      claims.filter(({ id }) => isJudged(id)).map((verdict) => [verdict.id, verdict]),
    ) as Cell["verdicts"],
    plainPrune: effectOf(history, plainPrune.prune, plainPrune.deploy),
    traits: traitsOf(history),
  };
}

const isJudged = (id: string): id is MatrixClaim => (matrixClaims as readonly string[]).includes(id);

/** The evidence of one host, as if it had been a run of its own. */
function ofCell(entries: readonly Entry[], host: string, scenarios: readonly string[]): Entry[] {
  return entries
    .filter((entry) => entry.host === null || entry.host === host)
    .map((entry) =>
      entry.kind === "run"
        ? {
            ...entry,
            data: {
              ...entry.data,
              scenarios: entry.data.scenarios.filter(({ id }) => scenarios.includes(id)),
            },
          }
        : entry,
    );
}

function traitsOf(history: History): Cell["traits"] {
  const cold = named(history, "deploy", told.cold);
  const warm = named(history, "deploy", told.warm);
  const prune = named(history, "prune", plainPrune.prune);
  return {
    stored: storedAfter(history, cold),
    cold: requestsOf(cold),
    warm: requestsOf(warm),
    token: tokenMethods(cold),
    pulls: eventsOf(warm, (events) => String(events.filter((action) => action === "pull").length)),
    pruned: lostIn(prune),
    events: eventsOf(prune, (events) => spoken(events) ?? "none"),
    moved: lostIn(named(history, "deploy", told.moved)),
    vanished: errorOf(history, named(history, "deploy", told.vanished)),
    broken: errorOf(history, named(history, "deploy", told.broken)),
  };
}

const unknown: Trait = { seen: null, evidence: [] };

/** Under what names the recipe's images are in the store. */
function storedAfter({ run }: History, step: StepHistory | undefined): Trait {
  const images = step?.after.images;
  if (step === undefined || images === undefined) return unknown;
  const recipe = Object.values(run.data.recipe.images).map((name) => parseReference(name).repository);
  const forms = images.data.images.flatMap(({ tags, digests }) =>
    [...tags, ...digests].some((name) => recipe.includes(parseReference(name).repository))
      ? [tags.length > 0 ? "by tag" : digests.some(tagged) ? "by tag and digest in one" : "by digest only"]
      : [],
  );
  return { seen: spoken(forms), evidence: sequence(step.invoke, images) };
}

/** `repository:tag@sha256:…` */
const tagged = (name: string): boolean => parseReference(name).tag !== null;

/** What a deploy asked the hub for, by kind, a service: the recipe has as many services as images. */
function requestsOf(step: StepHistory | undefined): Trait {
  const services = step?.outcome?.data.services.length ?? 0;
  if (step === undefined || services === 0) return unknown;
  const times = (accept: (request: Body<"request">) => boolean) =>
    step.requests.filter(({ data }) => data.status < 400 && accept(data)).length / services;
  const said = [
    [times((one) => one.endpoint === "manifest" && one.method === "HEAD"), "HEAD"],
    [times((one) => one.endpoint === "manifest" && one.method === "GET"), "GET"],
    [times((one) => one.endpoint === "blob" && one.media === "config"), "config"],
    [times((one) => one.endpoint === "blob" && one.media === "layer"), "layer"],
  ] as const;
  return {
    seen: said.map(([number, what]) => `${Math.round(number * 100) / 100} ${what}`).join(", "),
    evidence: sequence(step.invoke, step.outcome),
  };
}

/** The ways of a step's token requests that were answered as the account. */
function tokenMethods(step: StepHistory | undefined): Trait {
  const requests = step?.requests.filter(({ data }) => data.endpoint === "token" && data.status < 400) ?? [];
  return { seen: spoken(requests.map(({ data }) => data.method)), evidence: sequence(...requests) };
}

/** How many images are gone after a step. */
function lostIn(step: StepHistory | undefined): Trait {
  const [had, has] = [step?.before.images, step?.after.images];
  if (had === undefined || has === undefined) return unknown;
  return { seen: count(loss(had, has).images.length, "image"), evidence: sequence(had, step?.invoke, has) };
}

/** What the events of a step come to; unknown where nothing vouches for their stream. */
function eventsOf(step: StepHistory | undefined, say: (actions: string[]) => string): Trait {
  if (step?.fence?.data.seen !== true) return unknown;
  const evidence = sequence(step.invoke, ...step.events, step.fence);
  return { seen: say(step.events.map(({ data }) => data.action)), evidence };
}

/** What the engine said of a deploy that failed, without the words that lead up to it, and without names. */
function errorOf({ run }: History, step: StepHistory | undefined): Trait {
  const message = step?.outcome?.data.message ?? null;
  if (step === undefined || message === null) return unknown;
  const led = /^.*?(were rejected|was rejected|docker pull \S+): (Error response from daemon: )?/;
  const repositories = Object.values(run.data.recipe.images).map((name) => parseReference(name).repository);
  const seen = repositories
    .reduce(
      (text, name) => text.replaceAll(new RegExp(`${name}[\\w.:@-]*`, "g"), "IMAGE"),
      message.replace(led, ""),
    )
    .replaceAll(/sha256:[0-9a-f]+/g, "DIGEST");
  return { seen: seen.replaceAll(/\s+/g, " ").slice(0, 200), evidence: sequence(step.invoke, step.outcome) };
}

/** Each of some words once, in alphabetical order; null for none. */
function spoken(words: readonly string[]): string | null {
  return words.length === 0 ? null : [...new Set(words)].sort().join(" and ");
}

function named<D extends Step["do"]>(history: History, does: D, id: string) {
  return stepsThat(history, does).find(({ plan }) => plan.id === id);
}
