import type { ImageVariant, Policy, Scenario, Step } from "../src/model/plan.ts";
import { due, longAgo, orphan, prune, release } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** Enough for a prune run under pressure, and some to spare. */
const orphans = 6;

/** Built long ago and built today: `--filter until=24h` goes by that, and not by when an image was used. */
const builtLongAgo = 400;

/** Every second orphan is old by its time of creation; all are, by their last use. */
const orphanImages: ImageVariant[] = Array.from({ length: orphans }, (_, index) => ({
  ...orphan(`0.${index + 1}.0`),
  builtDaysAgo: index % 2 === 0 ? builtLongAgo : 0,
}));

/** The images of the gauntlet as its hub offers them: `courier` are those that the recipe deploys. */
export function gauntletImages(base: ImageVariant, courier: readonly ImageVariant[]): ImageVariant[] {
  const [first, ...others] = courier;
  return [
    { ...base, builtDaysAgo: builtLongAgo },
    ...(first === undefined ? [] : [{ ...first, builtDaysAgo: 0 }]),
    ...others.map((image) => ({ ...image, builtDaysAgo: builtLongAgo })),
    ...orphanImages,
    { ...release("1.2.0"), builtDaysAgo: 0 },
  ];
}

/**
 * What every policy goes through, on a host as new: prune runs without pressure, under pressure while something
 * goes on, and under pressure at rest, and what the next deploy downloads then.
 */
export function gauntletCell(settings: SuiteSettings, id: string, policy: Policy): Scenario {
  const by = settings.prepull ? "tag" : "digest";
  return suite(
    id,
    policy.title,
    ["PC1.1", "PC1.2", "PC1.3", "PC2.4"],
    [
      { id: "reset", do: "reset" },
      { id: "pull-base", do: "pull", image: settings.baseImage },
      deploy(settings, "deploy", "cold"),
      teardown("teardown-1"),
      prune(policy, "prune-early"),
      deploy(settings, "redeploy", "cached"),
      { id: "left-over", do: "build" },
      ...orphanImages.map(
        (image, index): Step => ({ id: `orphan-${index + 1}`, do: "pull-variant", image, by }),
      ),
      { id: "days-pass", do: "age", days: longAgo },
      { id: "fill", do: "fill", share: due },
      prune(policy, "prune-during-lock", { during: "lock" }),
      prune(policy, "prune-during-pull", { during: "pull", pulls: release("1.2.0") }),
      prune(policy, "prune-during-convergence", { during: "convergence" }),
      teardown("teardown-2"),
      { id: "fill-again", do: "fill", share: due },
      prune(policy, "prune"),
      { id: "empty", do: "fill", share: 0 },
      deploy(settings, "redeploy-after-pressure", "cached"),
      teardown("teardown-3"),
    ],
  );
}
