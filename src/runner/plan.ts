import { controls, pressureControls } from "../../suites/controls.ts";
import { newDigest } from "../../suites/g1-new-digest.ts";
import { brokenImage } from "../../suites/g2-broken-image.ts";
import { pressure } from "../../suites/pc1-pressure.ts";
import { type RebootManner, reboots, volatileStore } from "../../suites/pc2-reboot.ts";
import { retention } from "../../suites/pc2-retention.ts";
import { changingVersions } from "../../suites/pc3-cycles.ts";
import { timing } from "../../suites/pc3-timing.ts";
import type { SuiteSettings } from "../../suites/settings.ts";
import { warmUp } from "../../suites/warm-up.ts";
import type { Settings } from "../config/settings.ts";
import type { HostKind } from "../host/host.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Scenario } from "../model/plan.ts";

/** One host, and its scenarios in order. */
export interface LanePlan {
  host: string;
  kind: HostKind;
  imageStore: SuiteSettings["imageStore"];
  /** Whether the data root is a small file system of its own, for disk pressure. */
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
  /** The kinds of host to judge. */
  hosts: readonly HostKind[];
  /** How the machine is rebooted: told so from within, by a power cut, or one after the other. */
  reboot: Settings["reboot"];
}

/** An emulated machine is so many times slower than the one that emulates it, at the least. */
const emulated = 5;

/** How the machine starts anew, first at rest and then with the app running. */
const manners: Record<Settings["reboot"], [RebootManner, RebootManner]> = {
  soft: ["reboot", "reboot"],
  hard: ["power-cut", "power-cut"],
  both: ["reboot", "power-cut"],
};

/**
 * Lays out the scenarios that the asked-for claims need, on hosts that work side by side: the first is never
 * touched by anything that removes images behind its back, the second gets new digests, faults and controls, and
 * one for each image store is put under disk pressure, one more goes through cycles of changing versions, and a virtual
 * machine reboots. Most of a deploy's and a teardown's time is waiting, so
 * more hosts take little longer than one.
 */
export function planRun({ recipe, courier, hosts, reboot }: PlanSettings, selection: Selection): LanePlan[] {
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
  const onMachine = { ...courier, imageStore, timeoutSeconds: emulated * courier.timeoutSeconds };
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
    {
      host: "vm",
      kind: "vm" as const,
      imageStore,
      small: false,
      // Emulated, a machine costs as much time as all the rest: it is started for what no other host can tell.
      scenarios:
        hosts.includes("vm") && (asked.has("PC2.3") || !hosts.includes("lab"))
          ? asAsked([reboots(onMachine, manners[reboot]), volatileStore(onMachine)])
          : [],
    },
    ...(["graphdriver", "containerd"] as const).map((store) => {
      const settings = { ...courier, imageStore: store };
      return {
        host: `small-${store}`,
        kind: "lab" as const,
        imageStore: store,
        small: true,
        scenarios: asAsked([pressure(settings), ...pressureControls(settings)]),
      };
    }),
    {
      host: "cycles",
      kind: "lab" as const,
      imageStore,
      small: true,
      scenarios: asAsked([changingVersions({ ...courier, imageStore })]),
    },
  ].filter(({ kind, scenarios }) => hosts.includes(kind) && scenarios.length > 0);
}
