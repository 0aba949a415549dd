import type { Scenario } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** Brings a second host to the state in which the first one is after its cold deploy: everything cached. */
export function warmUp(settings: SuiteSettings): Scenario {
  return suite(
    "warm-up",
    "fill the image store of the second host",
    ["PC1.4"],
    [
      { id: "pull-base", do: "pull", image: settings.baseImage },
      deploy(settings, "cold-deploy", "cold"),
      teardown("teardown"),
    ],
  );
}
