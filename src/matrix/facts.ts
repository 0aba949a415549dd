import type { Mode } from "../gauntlet/modes.ts";
import { type Cell, type CellPlan, type Trait, type TraitName, traitNames } from "./cells.ts";

/** A warm deploy: the digest is resolved by a HEAD, and manifest and config are read. */
const warm = "1 HEAD, 1 GET, 1 config, 0 layer";

/**
 * What the facts that this project started from say of an engine, as far as they do: they were measured on engine 26.1.5
 * with its graphdriver and on 28.5.2 with the containerd image store, and of a prepull they say less.
 */
function factsOf({ imageStore, prepull }: Mode): Partial<Record<TraitName, string>> {
  if (prepull) return { stored: "by tag", pruned: "0 images" };
  if (imageStore === "graphdriver")
    return {
      stored: "by digest only",
      cold: "1 HEAD, 2 GET, 2 config, 1 layer",
      warm,
      token: "GET",
      pulls: "0",
      pruned: "3 images",
      events: "delete and prune and untag",
    };
  return {
    stored: "by tag",
    cold: "2 HEAD, 2 GET, 2 config, 1 layer",
    warm,
    token: "GET and POST",
    pulls: "0",
    pruned: "0 images",
    events: "none",
  };
}

/** One thing in which an engine was seen to differ from the facts. */
export interface Difference extends Trait {
  host: string;
  trait: TraitName;
  fact: string;
}

/** Where a cell and the facts differ; what was not seen differs, too. */
export function differences(plan: CellPlan, { traits }: Cell): Difference[] {
  const facts = factsOf(plan.mode);
  return (Object.keys(traitNames) as TraitName[]).flatMap((trait) => {
    const fact = facts[trait];
    return fact === undefined || fact === traits[trait].seen
      ? []
      : [{ host: plan.host, trait, fact, ...traits[trait] }];
  });
}
