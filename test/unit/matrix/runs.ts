import type { Entry } from "../../../src/model/evidence.ts";
import { matrixCell } from "../../../suites/matrix.ts";
import { courierSettings } from "../../support/pressure-run.ts";
import { web } from "../../support/scenarios.ts";
import { bigHost, type HostModel } from "../../support/simulated-host.ts";
import { prunes, type SimulatedPrune } from "../../support/simulated-prune.ts";
import { simulate } from "../../support/simulation.ts";

const scenariosOf = (host: string, imageStore: HostModel["imageStore"]) =>
  matrixCell({ ...courierSettings(imageStore), changing: { service: "web", image: web("a") } }, host);

/** Ids of the scenarios of a cell. */
export const idsOf = (host: string): string[] => scenariosOf(host, "graphdriver").map(({ id }) => id);

/** The run of one cell on a simulated host, on which prune runs of the policy under test do as told. */
export function cellRun(
  name: string,
  {
    imageStore = "graphdriver",
    prune = prunes(),
  }: { imageStore?: HostModel["imageStore"]; prune?: SimulatedPrune } = {},
): Entry[] {
  return simulate({
    scenarios: scenariosOf(name, imageStore),
    host: { ...bigHost, name, imageStore },
    prune,
  });
}
