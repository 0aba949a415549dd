import type { Host } from "../../host/host.ts";
import type { FileSystem } from "../../model/pressure.ts";
import { parseStatfs, statfsCommand } from "../../witness/machine.ts";
import type { ClockFacts } from "../facts.ts";
import { runScript } from "./script.ts";

/** The file system that holds the engine's data root. */
export async function diskOf(host: Host, dataRoot: string): Promise<FileSystem> {
  return parseStatfs((await runScript(host, `${statfsCommand} "$1"`, dataRoot)).trim());
}

/** The host's clock, between two looks at ours. */
export async function clockOf(host: Host, now: () => number): Promise<ClockFacts> {
  const before = now();
  const printed = (await runScript(host, "date -u +%s")).trim();
  const after = now();
  if (!/^\d+$/.test(printed)) throw new Error(`date printed ${JSON.stringify(printed)}`);
  // Of a second that is told without its fraction, half has gone on average.
  return { host: Number(printed) * 1000 + 500, before, after };
}
