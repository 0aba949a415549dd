import type { Policy, Scenario, Step } from "../src/model/plan.ts";
import { due, orphan, prune as pruneStep } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, teardown } from "./settings.ts";

/**
 * Scenarios that are known to break claims. A run in which the checkers do not notice one of them proves
 * nothing, whatever else they say. Each begins and ends with nothing deployed.
 */
export function controls(settings: SuiteSettings): Scenario[] {
  const { danglingOnly, everyUnused } = settings.controls;
  const noAuth = control(
    "control-no-auth",
    "a deploy without registry auth",
    ["PC2.1"],
    [deploy(settings, "deploy", "cached", { registryAuth: false }), teardown("teardown")],
  );
  const pruneDangling = prune(settings, "control-prune-dangling", danglingOnly, []);
  const pruneAll = prune(settings, "control-prune-all", everyUnused, ["PC3.3"]);
  const teardownImages = control(
    "control-teardown-images",
    "a teardown that removes images",
    ["PC1.4", "PC2.2"],
    [deploy(settings, "deploy", "cached"), { id: "teardown", do: "teardown", removeImages: true }],
  );
  return [
    ...(settings.choosesAuth ? [noAuth] : []),
    ...(losesUntagged(settings) ? [pruneDangling] : []),
    pruneAll,
    teardownImages,
  ];
}

/** The controls of a host whose data root is small enough for real disk pressure. */
export function pressureControls(settings: SuiteSettings): Scenario[] {
  const { everyUnused } = settings.controls;
  const fresh = (n: number): Step => ({
    id: `pull-${n}`,
    do: "pull-variant",
    image: orphan("0.0.2"),
    by: "digest",
  });
  const fill = (n: number): Step => ({ id: `fill-${n}`, do: "fill", share: due });
  return [
    control(
      `control-pressure-${settings.imageStore}`,
      `${everyUnused.title} under disk pressure`,
      ["PC1.2", "PC1.3"],
      [
        fresh(1),
        fill(1),
        pruneStep(everyUnused, "prune-during-lock", { during: "lock" }),
        fresh(2),
        fill(2),
        pruneStep(everyUnused, "prune"),
        { id: "empty", do: "fill", share: 0 },
      ],
    ),
  ];
}

/**
 * A swarm's images carry no tag on graphdriver unless they were pulled by tag first: only there does plain
 * `docker image prune` find them dangling (docs/architecture.md, "Controls").
 */
function losesUntagged({ imageStore, prepull }: SuiteSettings): boolean {
  return imageStore === "graphdriver" && !prepull;
}

function prune(settings: SuiteSettings, id: string, policy: Policy, more: Scenario["claims"]): Scenario {
  return control(
    id,
    policy.title,
    ["PC1.1", "PC2.2", "PC2.4", "PC3.1", ...more],
    [pruneStep(policy, "prune"), deploy(settings, "redeploy", "cached"), teardown("teardown")],
  );
}

/** Makes a control out of what it says of itself: each of its claims must fail. */
export function control(id: string, title: string, claims: Scenario["claims"], steps: Step[]): Scenario {
  return { id, title, claims, control: true, steps };
}
