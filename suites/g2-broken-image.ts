import type { Scenario } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** How long a deploy that cannot succeed is watched, in seconds: swarm tries again every second. */
const patience = 20;

/** A tag that is gone, and an image whose layer has the wrong content: both must be reported. */
export function brokenImage(settings: SuiteSettings): Scenario {
  const { service, image } = settings.changing;
  const next = { ...image, tag: `${image.tag}-broken`, variant: "c" };
  return suite(
    "broken-image",
    "a tag that vanished, and a layer with the wrong content",
    ["G2"],
    [
      { id: "vanish", do: "fault", fault: "vanished-tag", image },
      deploy(settings, "deploy-vanished", "unresolvable", { timeoutSeconds: patience }),
      teardown("teardown-1"),
      { id: "publish", do: "publish", image: next },
      { id: "break", do: "fault", fault: "broken-layer", image: next },
      deploy(settings, "deploy-broken", "broken", {
        images: { [service]: { ...next, pin: false } },
        timeoutSeconds: patience,
      }),
      teardown("teardown-2"),
    ],
  );
}
