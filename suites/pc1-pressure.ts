import type { ImageVariant, Policy, PruneStep, Scenario, Step } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/**
 * Shares of the data root that are used when a prune run is due: a little above the high-water mark of 80 %, and
 * nearly all, which is more than orphans alone can make good for.
 */
export const due = 0.82;
const nearlyFull = 0.95;

/** Longer than the reference policy's minimum age of seven days. */
export const longAgo = 10;

/** Orphans enough for two prune runs, and one more. */
const orphans = 9;

/** Images of one repository that are told apart by their tag, each with a layer of its own. */
const variantOf =
  (repository: string) =>
  (version: string): ImageVariant => ({
    repository,
    tag: version,
    variant: version,
  });
export const orphan = variantOf("pullproof/store");
export const release = variantOf("pullproof/worker");

/** A prune run of the policy under test, on a host at rest unless `changes` say what goes on. */
export function prune(policy: Policy, id: string, changes: Partial<PruneStep> = {}): Step {
  return { id, do: "prune", policy, during: null, pulls: null, ...changes };
}

/**
 * Base, in-use, previous, pinned, fresh and orphaned images and the left-over of a build, on a small file system:
 * prune runs below the high-water mark must leave everything; above it, none may remove anything while something
 * is going on, and then one must remove what is old and orphaned, oldest use first, and nothing else.
 */
export function pressure(settings: SuiteSettings): Scenario {
  const { policy } = settings;
  const old = Array.from({ length: orphans }, (_, index) => orphan(`0.${index + 1}.0`));
  const update = (id: string, version: string, expect: "cold" | "cached") =>
    deploy(settings, id, expect, { images: { app: { ...release(version), pin: false } } });
  return suite(
    `pressure-${settings.imageStore}`,
    "prune runs below and above the high-water mark, at rest and while something goes on",
    ["PC1.1", "PC1.2", "PC1.3", "PC1.4", "PC2.4"],
    [
      { id: "pull-base", do: "pull", image: settings.baseImage },
      deploy(settings, "first-deploy", "cold"),
      // The first version is then the previous spec of the service, to which a rollback would return.
      update("update", "1.1.0", "cold"),
      { id: "pull-stopped", do: "pull-variant", image: orphan("0.0.1"), by: "digest" },
      { id: "stopped-container", do: "create-container", image: orphan("0.0.1") },
      { id: "left-over", do: "build" },
      ...old.map(
        (image, index): Step => ({ id: `orphan-${index + 1}`, do: "pull-variant", image, by: "digest" }),
      ),
      { id: "days-pass", do: "age", days: longAgo },
      { id: "pull-fresh", do: "pull-variant", image: orphan("0.0.2"), by: "digest" },
      prune(policy, "prune-early-1"),
      prune(policy, "prune-early-2"),
      prune(policy, "prune-early-3"),
      { id: "fill", do: "fill", share: due },
      prune(policy, "prune-during-lock", { during: "lock" }),
      prune(policy, "prune-during-pull", { during: "pull", pulls: release("1.2.0") }),
      prune(policy, "prune-during-convergence", { during: "convergence" }),
      // The release that was pulled just now is used by nothing yet: the moment between pull and container.
      prune(policy, "prune"),
      { id: "fill-again", do: "fill", share: due },
      prune(policy, "prune-two-at-once", { during: "second-prune" }),
      { id: "fill-up", do: "fill", share: nearlyFull },
      prune(policy, "prune-too-little"),
      { id: "empty", do: "fill", share: 0 },
      update("deploy-after-prune", "1.2.0", "cached"),
      teardown("teardown"),
    ],
  );
}
