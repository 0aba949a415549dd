import { existsSync } from "node:fs";
import type Docker from "dockerode";
import { count } from "../check/units.ts";
import { ownedBy } from "../lab/owned.ts";

/** What a run that is over has left: one phrase for each kind of thing, none where all is gone. */
export async function leftBehind(outer: Docker, run: string, folder: string): Promise<string[]> {
  const filters = { label: [ownedBy(run)] };
  const containers = await outer.listContainers({ all: true, filters });
  const networks = await outer.listNetworks({ filters });
  const { Volumes: volumes } = await outer.listVolumes({ filters });
  const found: [number, string][] = [
    [containers.length, "container"],
    [networks.length, "network"],
    [volumes.length, "volume"],
    [existsSync(folder) ? 1 : 0, "temporary folder"],
  ];
  return found.flatMap(([number, noun]) => (number === 0 ? [] : [count(number, noun)]));
}
