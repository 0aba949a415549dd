import type { Scenario } from "../src/model/plan.ts";
import { prune } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** The main chain: deploy, teardown, redeploy, prune, redeploy, restart, redeploy. */
export function retention(settings: SuiteSettings): Scenario {
  return suite(
    "chain",
    "deploy, teardown, redeploy, prune, redeploy, restart, redeploy",
    ["PC1.1", "PC1.4", "PC1.5", "PC2.1", "PC2.2", "PC2.4", "PC3.1", "PC3.2", "PC3.3", "G3", "G4"],
    [
      { id: "pull-base", do: "pull", image: settings.baseImage },
      deploy(settings, "cold-deploy", "cold", { sample: true }),
      teardown("teardown-1"),
      deploy(settings, "warm-redeploy", "cached", { sample: true }),
      teardown("teardown-2"),
      prune(settings.policy, "prune"),
      deploy(settings, "redeploy-after-prune", "cached"),
      teardown("teardown-3"),
      { id: "restart", do: "restart", manner: "restart" },
      deploy(settings, "redeploy-after-restart", "cached"),
      teardown("teardown-4"),
    ],
  );
}
