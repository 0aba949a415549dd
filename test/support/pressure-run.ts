import type { Entry } from "../../src/model/evidence.ts";
import type { Scenario } from "../../src/model/plan.ts";
import { pressureControls } from "../../suites/controls.ts";
import { pressure } from "../../suites/pc1-pressure.ts";
import { changingVersions } from "../../suites/pc3-cycles.ts";
import type { SuiteSettings } from "../../suites/settings.ts";
import { policies } from "./scenarios.ts";
import { type HostModel, smallHost } from "./simulated-host.ts";
import { prunes, type SimulatedPrune } from "./simulated-prune.ts";
import { simulate } from "./simulation.ts";

/** What the suites of disk pressure are laid out with. */
export function courierSettings(imageStore: HostModel["imageStore"] = "graphdriver"): SuiteSettings {
  return {
    imageStore,
    registryAuth: true,
    choosesAuth: true,
    prepull: false,
    samples: 1,
    policy: policies.reference,
    controls: { danglingOnly: policies.pruneF, everyUnused: policies.pruneAf },
    baseImage: "pullproof/base:1.0.0",
    changing: {
      service: "app",
      image: { repository: "pullproof/worker", tag: "1.0.0", variant: "a" },
    },
    timeoutSeconds: 60,
  };
}

/** The scenarios of the suites themselves, as they are planned for one small host, without controls. */
export function pressureScenarios(settings: SuiteSettings = courierSettings()): Scenario[] {
  return [...pressureOnly(settings), changingVersions(settings)];
}

/** The first of them alone. */
export function pressureOnly(settings: SuiteSettings = courierSettings()): Scenario[] {
  return [pressure(settings)];
}

/** A run of those scenarios on a small host on which prune runs do as told. */
export function pressureRun(
  prune: SimulatedPrune = prunes(),
  options: { imageStore?: HostModel["imageStore"]; scenarios?: Scenario[]; fails?: readonly string[] } = {},
): Entry[] {
  const { imageStore = "graphdriver", fails = [] } = options;
  const { scenarios = pressureScenarios(courierSettings(imageStore)) } = options;
  return simulate({ host: smallHost(imageStore), prune, scenarios, fails });
}

/** The same, with the control of such a host behind them. */
export function withPressureControls(settings: SuiteSettings = courierSettings()): Entry[] {
  const { imageStore } = settings;
  const scenarios = [...pressureScenarios(settings), ...pressureControls(settings)];
  return pressureRun(prunes(), { imageStore, scenarios });
}
