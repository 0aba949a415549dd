import type { Host } from "../host/host.ts";
import type { Body } from "../model/evidence.ts";
import { asFileSystem, type FileSystem } from "../model/pressure.ts";

/** What one look at the host's kernel tells. */
export interface MachineState {
  clock: Body<"clock">;
  interface: Body<"interface">;
  /** Of the file system that holds the engine's data root. */
  fileSystem: FileSystem;
}

/** One script, so that a look costs one round trip. `stat -f` is statfs: block size, blocks,
 * free, free for others than root, inodes, free. */
const script = `
cat /proc/sys/kernel/random/boot_id
cut -d' ' -f1 /proc/uptime
cat "/sys/class/net/$1/statistics/rx_bytes"
stat -f -c '%S %b %f %a %c %d' "$2"
`;

/** Reads boot id, uptime, received bytes and the state of the data root's file system. */
export async function machineState(
  host: Host,
  interfaceName: string,
  dataRoot: string,
): Promise<MachineState> {
  const { exitCode, stdout, stderr } = await host.exec([
    "sh",
    "-euc",
    script,
    "look",
    interfaceName,
    dataRoot,
  ]);
  if (exitCode !== 0) throw new Error(`the look at the host's kernel ended with code ${exitCode}: ${stderr}`);
  return parseMachineState(stdout, interfaceName);
}

/** Exactly what the script prints, line by line. */
const printed =
  /^(?<bootId>[0-9a-f-]{36})\n(?<uptime>[\d.]+)\n(?<received>\d+)\n(?<size>\d+) (?<blocks>\d+) (?<free>\d+) (?<available>\d+) (?<inodes>\d+) (?<freeInodes>\d+)\n$/;

/** Parses what the script prints; throws on anything else. */
export function parseMachineState(text: string, interfaceName: string): MachineState {
  const found = printed.exec(text)?.groups;
  if (found === undefined) throw new Error(`the look at the host's kernel printed ${JSON.stringify(text)}`);
  const number = (name: string) => Number(found[name]);
  return {
    clock: { bootId: String(found.bootId), uptimeSeconds: number("uptime") },
    interface: { name: interfaceName, rxBytes: number("received") },
    fileSystem: asFileSystem({
      bsize: number("size"),
      blocks: number("blocks"),
      bfree: number("free"),
      bavail: number("available"),
      files: number("inodes"),
      ffree: number("freeInodes"),
    }),
  };
}
