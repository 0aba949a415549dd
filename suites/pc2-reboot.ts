import type { RestartManner, Scenario, Step } from "../src/model/plan.ts";
import { control } from "./controls.ts";
import { prune } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** The ways to start a machine anew: told so from within, or its power cut. */
export type RebootManner = Exclude<RestartManner, "restart">;

/** A reboot of a host at rest, and one with the app running, which its swarm has to bring back. */
export function reboots(settings: SuiteSettings, [atRest, running]: [RebootManner, RebootManner]): Scenario {
  const { policy } = settings;
  return suite(
    "reboots",
    "deploy, teardown, reboot, redeploy, reboot with the app running, redeploy",
    ["PC1.1", "PC1.4", "PC2.1", "PC2.2", "PC2.3", "PC2.4", "PC3.1", "G3"],
    [
      { id: "pull-base", do: "pull", image: settings.baseImage },
      deploy(settings, "cold-deploy", "cold"),
      teardown("teardown-1"),
      prune(policy, "prune-before"),
      reboot("reboot-at-rest", atRest),
      deploy(settings, "redeploy", "cached"),
      reboot("reboot-running", running),
      teardown("teardown-2"),
      prune(policy, "prune-after"),
      deploy(settings, "redeploy-again", "cached"),
      teardown("teardown-3"),
    ],
  );
}

/** A store that no reboot survives. It comes last on its host, whose own store is out of reach from then on. */
export function volatileStore(settings: SuiteSettings): Scenario {
  return control(
    "control-volatile-store",
    "an image store in memory, and a reboot",
    ["PC2.3"],
    [
      { id: "volatile-store", do: "volatile-store" },
      { id: "pull-base", do: "pull", image: settings.baseImage },
      reboot("reboot", "reboot"),
    ],
  );
}

function reboot(id: string, manner: RebootManner): Step {
  return { id, do: "restart", manner };
}
