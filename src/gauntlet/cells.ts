import { layerTraffic } from "../check/bytes.ts";
import { run } from "../check/checker.ts";
import { checkers } from "../check/checkers.ts";
import { type History, ofScenarios, type StepHistory, stepsThat } from "../check/history.ts";
import { loss } from "../check/store.ts";
import { usedShare } from "../model/pressure.ts";
import type { VerdictWord } from "../model/verdict.ts";

/** The claims that every policy is judged on. */
export const cellClaims = ["PC1.1", "PC1.2", "PC1.3", "PC2.4"] as const;
export type CellClaim = (typeof cellClaims)[number];

/** What one policy did in one mode. */
export interface Cell {
  /** Without pressure, and under it. */
  early: Effect;
  pressed: Effect;
  verdicts: Record<CellClaim, VerdictWord>;
}

/** What a prune run did, and the next deploy. Null is unknown: the step did not take place, or was not seen. */
export interface Effect {
  /** Images that are gone. */
  lost: number | null;
  /** Share of the disk that is in use after it. */
  disk: number | null;
  /** Bytes of layers that the next deploy downloaded again; manifest GETs, which count as pulls, that it made. */
  layerBytes: number | null;
  manifestGets: number | null;
}

/** Reads a cell from the evidence. */
export function cellOf(history: History, id: string): Cell {
  const own = ofScenarios(history, (scenario) => scenario.id === id);
  return {
    early: effectOf(own, "prune-early", "redeploy"),
    pressed: effectOf(own, "prune", "redeploy-after-pressure"),
    verdicts: Object.fromEntries(cellClaims.map((claim) => [claim, judge(own, claim)])) as Cell["verdicts"],
  };
}

function judge(history: History, claim: CellClaim): VerdictWord {
  const checker = checkers.find(({ id }) => id === claim);
  if (checker === undefined) throw new Error(`nothing judges ${claim}`);
  return run(checker, history).verdict;
}

/** Reads from the evidence what the prune run of one id did, and the deploy of another. */
export function effectOf(history: History, prune: string, deploy: string): Effect {
  const pruned = stepsThat(history, "prune").find(({ plan }) => plan.id === prune);
  const deployed = stepsThat(history, "deploy").find(({ plan }) => plan.id === deploy);
  const had = pruned?.before.images;
  const has = pruned?.after.images;
  const disk = pruned?.after.disk;
  return {
    lost: had === undefined || has === undefined ? null : loss(had, has).images.length,
    disk: disk === undefined ? null : usedShare(disk.data),
    layerBytes: deployed === undefined ? null : layerTraffic(history, deployed).bytes,
    manifestGets: deployed === undefined ? null : countedPulls(deployed),
  };
}

const countedPulls = (step: StepHistory): number => step.requests.filter(({ data }) => data.counted).length;
