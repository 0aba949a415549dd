import type { DeployStep, Scenario } from "../src/model/plan.ts";
import { prune } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** What may be done on a live host beyond deploying and tearing down a stack of the run's own. */
export interface LiveSettings {
  /** What the first deploy finds: no image is removed to make it a cold one. */
  first: Extract<DeployStep["expect"], "cold" | "cached">;
  /** Whether the prune run under test may be made. */
  prune: boolean;
  /** Whether the host may be rebooted. */
  reboot: boolean;
}

/** The chain on a host that others use: it adds a stack, takes it away again, and does nothing else without leave. */
export function live(settings: SuiteSettings, { first, prune: pruned, reboot }: LiveSettings): Scenario {
  return suite(
    "live-chain",
    "deploy, teardown, redeploy on a live host",
    [
      "PC1.4",
      "PC2.1",
      "PC2.2",
      "PC2.4",
      "PC3.1",
      "G3",
      ...(pruned ? (["PC1.1"] as const) : []),
      ...(reboot ? (["PC2.3"] as const) : []),
    ],
    [
      deploy(settings, "first-deploy", first),
      teardown("teardown-1"),
      deploy(settings, "redeploy", "cached"),
      teardown("teardown-2"),
      ...(pruned
        ? [
            prune(settings.policy, "prune"),
            deploy(settings, "redeploy-after-prune", "cached"),
            teardown("teardown-3"),
          ]
        : []),
      ...(reboot
        ? [
            deploy(settings, "deploy-before-reboot", "cached"),
            { id: "reboot", do: "restart", manner: "reboot" } as const,
            teardown("teardown-4"),
            deploy(settings, "redeploy-after-reboot", "cached"),
            teardown("teardown-5"),
          ]
        : []),
    ],
  );
}
