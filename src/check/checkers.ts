import type { ClaimId } from "../model/claim.ts";
import type { Checker } from "./checker.ts";
import { newDigestIsPulled } from "./g1-new-digest-is-pulled.ts";
import { brokenImageIsReported } from "./g2-broken-image-is-reported.ts";
import { realPullPath } from "./g3-real-pull-path.ts";
import { revisitConditions } from "./g4-revisit-conditions.ts";
import { pruneRemovesNothing } from "./pc1-1-prune-removes-nothing.ts";
import { pressureFreesOldOrphans } from "./pc1-2-pressure-frees-old-orphans.ts";
import { nothingDuringARun } from "./pc1-3-nothing-during-a-run.ts";
import { teardownLeavesOnlyImages } from "./pc1-4-teardown-leaves-only-images.ts";
import { nobodyPrunesAggressively } from "./pc1-5-nobody-prunes-aggressively.ts";
import { everyRequestAsAccount } from "./pc2-1-every-request-as-account.ts";
import { storeIsRetained } from "./pc2-2-store-is-retained.ts";
import { storeSurvivesReboot } from "./pc2-3-store-survives-reboot.ts";
import { redeployChecksOnce } from "./pc2-4-redeploy-checks-once.ts";
import { noLayerAgain } from "./pc3-1-no-layer-again.ts";
import { warmIsFaster } from "./pc3-2-warm-is-faster.ts";
import { baseImagesStay } from "./pc3-3-base-images-stay.ts";
import { policyIsDocumented } from "./pc3-4-policy-is-documented.ts";
import { rebootRemedy } from "./restart.ts";

/** The judge of each claim that this version can judge. */
export const checkers: readonly Checker[] = [
  pruneRemovesNothing,
  pressureFreesOldOrphans,
  nothingDuringARun,
  teardownLeavesOnlyImages,
  nobodyPrunesAggressively,
  everyRequestAsAccount,
  storeIsRetained,
  storeSurvivesReboot,
  redeployChecksOnce,
  noLayerAgain,
  warmIsFaster,
  baseImagesStay,
  policyIsDocumented,
  newDigestIsPulled,
  brokenImageIsReported,
  realPullPath,
  revisitConditions,
];

/** What to do where a run has no scenario about a claim, or was not told what it is about. */
export const unplanned: Partial<Record<ClaimId, string>> = {
  "PC1.5": "name harness, janitor and CI code: `--audit scripts,.github`",
  "PC2.3": rebootRemedy,
  "PC3.4": "name the documents in which operators look: `--documents docs,README.md`",
};

/** Claims about everything that a run does: every scenario but the controls gives evidence for them. */
export const runWide: ReadonlySet<ClaimId> = new Set(["PC1.5", "PC2.1", "G3"]);

/** Claims that more than steps is evidence for: they are judged whatever scenarios a run has. */
export const beyondSteps: ReadonlySet<ClaimId> = new Set(["PC1.5", "PC3.4"]);
