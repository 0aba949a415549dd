import type { Scenario, Step } from "../src/model/plan.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** More samples of a cold and a warm deploy, in turn, so that a drift of the machine meets both alike. */
export function timing(settings: SuiteSettings): Scenario {
  const rounds = Array.from({ length: settings.samples - 1 }, (_, index) => round(settings, index + 2));
  return suite("timing", "repeated cold and warm deploys", ["PC1.4", "PC2.4", "PC3.2"], rounds.flat());
}

function round(settings: SuiteSettings, n: number): Step[] {
  return [
    { id: `evict-${n}`, do: "evict" },
    deploy(settings, `cold-${n}`, "cold", { sample: true }),
    teardown(`cold-teardown-${n}`),
    deploy(settings, `warm-${n}`, "cached", { sample: true }),
    teardown(`warm-teardown-${n}`),
  ];
}
