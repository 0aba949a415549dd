import { controls, pressureControls } from "../../suites/controls.ts";
import { newDigest } from "../../suites/g1-new-digest.ts";
import { brokenImage } from "../../suites/g2-broken-image.ts";
import { pressure } from "../../suites/pc1-pressure.ts";
import { retention } from "../../suites/pc2-retention.ts";
import { changingVersions } from "../../suites/pc3-cycles.ts";
import { timing } from "../../suites/pc3-timing.ts";
import type { SuiteSettings } from "../../suites/settings.ts";
import { warmUp } from "../../suites/warm-up.ts";
import type { HostKind } from "../host/host.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Scenario } from "../model/plan.ts";

/** One host, and its scenarios in order. */
export interface LanePlan {
  host: string;
  kind: HostKind;
  imageStore: SuiteSettings["imageStore"];
  /** Whether the data root is a small file system of its own, for disk pressure; its app is the courier. */
  small: boolean;
  scenarios: Scenario[];
}

/** What is to be judged. */
export interface Selection {
  claims: readonly ClaimId[];
  controls: boolean;
}

/** What the suites have to know of the recipe under test, and of the courier. */
export interface PlanSettings {
  recipe: SuiteSettings;
  courier: SuiteSettings;
}

/**
 * Lays out the scenarios that the asked-for claims need, on hosts that work side by side: the first is never
 * touched by anything that removes images behind its back, the second gets new digests, faults and controls, and
 * one for each image store is put under disk pressure. Most of a deploy's and a teardown's time is waiting, so
 * more hosts take little longer than one.
 */
export function planRun({ recipe, courier }: PlanSettings, selection: Selection): LanePlan[] {
  const asked = new Set(selection.claims);
  const wanted = (scenario: Scenario) => scenario.claims.some((claim) => asked.has(claim));
  const asAsked = (scenarios: readonly Scenario[]) =>
    scenarios
      .filter(wanted)
      .filter(({ control }) => selection.controls || !control)
      .map((scenario) => ({ ...scenario, claims: scenario.claims.filter((claim) => asked.has(claim)) }));
  const chain = retention(recipe);
  const repeated = timing(recipe);
  // Timing continues where the chain ends.
  const first = recipe.samples > 1 && wanted(repeated) ? [chain, repeated] : [chain];
  const second = asAsked([newDigest(recipe), brokenImage(recipe), ...controls(recipe)]);
  const { imageStore } = recipe;
  return [
    {
      host: "lab",
      kind: "lab" as const,
      imageStore,
      small: false,
      scenarios: first.some(wanted) ? first : [],
    },
    {
      host: "lab-2",
      kind: "lab" as const,
      imageStore,
      small: false,
      scenarios: second.length > 0 ? [warmUp(recipe), ...second] : [],
    },
    ...(["graphdriver", "containerd"] as const).map((store) => {
      const settings = { ...courier, imageStore: store };
      return {
        host: `small-${store}`,
        kind: "lab" as const,
        imageStore: store,
        small: true,
        scenarios: asAsked([pressure(settings), changingVersions(settings), ...pressureControls(settings)]),
      };
    }),
  ].filter((lane) => lane.scenarios.length > 0);
}
