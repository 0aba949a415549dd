import type { Policy, Scenario, Step } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, teardown } from "./settings.ts";

/**
 * Scenarios that are known to break claims. A run in which the checkers do not notice one of them proves
 * nothing, whatever else they say.
 */
export function controls(settings: SuiteSettings): Scenario[] {
  const { danglingOnly, everyUnused } = settings.controls;
  const redeploy = deploy(settings, "redeploy", "cached");
  const pruned = ["PC1.1", "PC2.2", "PC2.4", "PC3.1"] as const;
  // A swarm's images carry no tag on graphdriver unless they were pulled by tag first: only there does this
  // prune find them dangling (measured on 26.1.5; see docs/engine-facts.md).
  const losesUntagged = settings.imageStore === "graphdriver" && !settings.prepull;
  return [
    control(
      "control-no-auth",
      "a deploy without registry auth",
      ["PC2.1"],
      [deploy(settings, "deploy", "cached", { registryAuth: false }), teardown("teardown")],
    ),
    ...(losesUntagged ? [pruneControl("control-prune-dangling", danglingOnly, [...pruned])] : []),
    pruneControl("control-prune-all", everyUnused, [...pruned, "PC3.3"]),
    control(
      "control-teardown-images",
      "a teardown that removes images",
      ["PC1.4", "PC2.2"],
      [deploy(settings, "deploy", "cached"), { id: "teardown", do: "teardown", removeImages: true }],
    ),
  ];

  function pruneControl(id: string, policy: Policy, claims: Scenario["claims"]): Scenario {
    return control(id, policy.title, claims, [
      { id: "prune", do: "prune", policy },
      redeploy,
      teardown("teardown"),
    ]);
  }
}

function control(id: string, title: string, claims: Scenario["claims"], steps: Step[]): Scenario {
  return { id, title, claims, control: true, steps };
}
