import type { Scenario, Step } from "../src/model/plan.ts";
import { prune, release } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** What the criterion asks for. */
const cycles = 20;

/** Days between two cycles: three releases are then as old as the reference policy's minimum age of seven days. */
const daysBetween = 3;

/** Half full before the first cycle, so that twenty releases would not fit without a prune run. */
const beforehand = 0.5;

/** A new release each time, on a small file system: deploy, teardown, time passes, prune. */
export function changingVersions(settings: SuiteSettings): Scenario {
  const rounds = Array.from({ length: cycles }, (_, index) => round(settings, index + 1));
  return suite(
    `cycles-${settings.imageStore}`,
    `${cycles} deploys and teardowns of changing versions, each followed by a prune run`,
    ["PC1.1", "PC1.2", "PC1.4", "PC3.3"],
    [
      { id: "pull-base", do: "pull", image: settings.baseImage },
      { id: "fill", do: "fill", share: beforehand },
      ...rounds.flat(),
      { id: "empty", do: "fill", share: 0 },
    ],
  );
}

/**
 * The first round deploys what the recipe names: as long as nobody has seen what that tag resolves to, any release
 * without a tag may be it, and none may be removed.
 */
function round(settings: SuiteSettings, n: number): Step[] {
  const images = n === 1 ? {} : { app: { ...release(`2.${n}.0`), pin: false } };
  return [
    deploy(settings, `deploy-${n}`, "cold", { images }),
    teardown(`teardown-${n}`),
    { id: `days-pass-${n}`, do: "age", days: daysBetween },
    prune(settings.policy, `prune-${n}`),
  ];
}
