import type { Scenario } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** A tag moves to new content: the deploy must pull it, and a pin to the old digest must still deploy. */
export function newDigest(settings: SuiteSettings): Scenario {
  const { service, image } = settings.changing;
  return suite(
    "new-digest",
    "a new digest under a known tag, then a pin to the old one",
    ["G1"],
    [
      { id: "publish", do: "publish", image: { ...image, variant: "b" } },
      deploy(settings, "deploy-new", "new-digest"),
      teardown("teardown-1"),
      deploy(settings, "deploy-pinned", "cached", { images: { [service]: { ...image, pin: true } } }),
      teardown("teardown-2"),
    ],
  );
}
