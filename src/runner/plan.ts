import { controls } from "../../suites/controls.ts";
import { newDigest } from "../../suites/g1-new-digest.ts";
import { brokenImage } from "../../suites/g2-broken-image.ts";
import { retention } from "../../suites/pc2-retention.ts";
import { timing } from "../../suites/pc3-timing.ts";
import type { SuiteSettings } from "../../suites/settings.ts";
import { warmUp } from "../../suites/warm-up.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Scenario } from "../model/plan.ts";

/** The scenarios of one host, in order. */
export interface LanePlan {
  host: string;
  scenarios: Scenario[];
}

/** What is to be judged. */
export interface Selection {
  claims: readonly ClaimId[];
  controls: boolean;
}

/**
 * Lays out the scenarios that the asked-for claims need, on two hosts that work side by side: the first is
 * never touched by anything that removes images behind its back, the second gets new digests, faults and
 * controls. Most of a deploy's and a teardown's time is waiting, so two hosts take little longer than one.
 */
export function planRun(settings: SuiteSettings, selection: Selection): LanePlan[] {
  const asked = new Set(selection.claims);
  const wanted = (scenario: Scenario) => scenario.claims.some((claim) => asked.has(claim));
  const chain = retention(settings);
  const repeated = timing(settings);
  // Timing continues where the chain ends.
  const first = settings.samples > 1 && wanted(repeated) ? [chain, repeated] : [chain];
  const second = [
    newDigest(settings),
    brokenImage(settings),
    ...(selection.controls ? controls(settings) : []),
  ]
    .filter(wanted)
    .map((scenario) => ({ ...scenario, claims: scenario.claims.filter((claim) => asked.has(claim)) }));
  return [
    { host: "lab", scenarios: first.some(wanted) ? first : [] },
    { host: "lab-2", scenarios: second.length > 0 ? [warmUp(settings), ...second] : [] },
  ].filter((lane) => lane.scenarios.length > 0);
}
