/** The criteria, in the order in which a report lists them. G holds the guardrails. */
export const criteria = {
  PC1: "conservative pruning",
  PC2: "the cache is retained and authenticated",
  PC3: "verified and documented",
  G: "guardrails",
} as const;

export type Criterion = keyof typeof criteria;

/** Every claim that pullproof knows, whether or not this version can judge it. */
export const claims = {
  "PC1.1": "without disk pressure the prune run removes no image",
  "PC1.2":
    "under real disk pressure it removes only truly orphaned, old images, oldest use first, and gets below the low-water mark",
  "PC1.3": "it removes nothing while a deploy or test run is in progress",
  "PC1.4": "teardown removes the run's services, networks, volumes, secrets and configs, and no image",
  "PC1.5":
    "no harness, janitor or CI code prunes aggressively, and no unexplained image removal was seen during the run",
  "PC2.1": "every request to docker.io was made as the configured account; none anonymous",
  "PC2.2": "the image store is retained across teardowns and across runs",
  "PC2.3": "the image store is retained across a reboot (the boot id changed)",
  "PC2.4": "a repeat deploy fetches no layer and makes at most one authenticated manifest check per image",
  "PC3.1": "deploy, teardown, redeploy: no layer is downloaded again, by every witness",
  "PC3.2": "pull and deploy time drop from cold to warm",
  "PC3.3": "over repeated runs no base image is evicted and disk use stays bounded, without -a",
  "PC3.4": "the prune policy is documented where the host's operators look",
  G1: "a new digest under a known tag is pulled",
  G2: "an image that no longer resolves, or whose content is broken at the registry, is reported, not masked by the cache",
  G3: "the real pull path: no registry mirror, no pull-through cache, no prefer-offline switch",
  G4: "the revisit conditions for a registry cache are measured: node count, cold-pull share of a run",
} as const;

export type ClaimId = keyof typeof claims;

/** All claim ids, in report order. */
export const claimIds = Object.keys(claims) as ClaimId[];

/** The criterion that a claim belongs to: PC1 for PC1.4, G for G2. */
export function criterionOf(id: ClaimId): Criterion {
  return id.startsWith("G") ? "G" : (id.slice(0, 3) as Criterion);
}
