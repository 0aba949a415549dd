import type { ClaimId } from "../src/model/claim.ts";
import type { Scenario } from "../src/model/plan.ts";
import { newDigest } from "./g1-new-digest.ts";
import { brokenImage } from "./g2-broken-image.ts";
import { prune } from "./pc1-pressure.ts";
import { retention } from "./pc2-retention.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** What every engine is judged on: all that a lab can show in one chain and without disk pressure. */
export const matrixClaims = [
  "PC1.1",
  "PC1.4",
  "PC2.1",
  "PC2.2",
  "PC2.4",
  "PC3.1",
  "G1",
  "G2",
  "G3",
] as const satisfies ClaimId[];
export type MatrixClaim = (typeof matrixClaims)[number];

/** The steps that tell what plain `docker image prune -f` removes, and what the next deploy downloads again. */
export const plainPrune = { prune: "plain-prune", deploy: "deploy-after-plain-prune" } as const;

/**
 * The deploys of a cell whose requests are told, one that finds nothing and one that finds everything; that after a tag
 * moved; and those whose errors are told, of a tag that vanished and of a layer with the wrong content.
 */
export const told = {
  cold: "cold-deploy",
  warm: "warm-redeploy",
  moved: "deploy-new",
  vanished: "deploy-vanished",
  broken: "deploy-broken",
} as const;

/**
 * What one engine goes through in one mode, whose name tells its scenarios from those of other cells. What plain
 * `docker image prune -f` does is measured and no claim's business: it is known to break some of them on some engines.
 */
export function matrixCell(settings: SuiteSettings, cell: string): Scenario[] {
  const measured = suite(
    "plain-prune",
    "what plain docker image prune does to the next deploy",
    [],
    [
      prune(settings.controls.danglingOnly, plainPrune.prune),
      deploy(settings, plainPrune.deploy, "cached"),
      teardown("teardown"),
    ],
  );
  const judged: readonly ClaimId[] = matrixClaims;
  return [retention(settings), measured, newDigest(settings), brokenImage(settings)].map((scenario) => ({
    ...scenario,
    id: `${scenario.id}-on-${cell}`,
    claims: scenario.claims.filter((claim) => judged.includes(claim)),
  }));
}
