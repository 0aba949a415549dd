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

/** statfs for a shell: block size, blocks, free, free for others than root, inodes, free. A file's path has to follow. */
export const statfsCommand = "stat -f -c '%S %b %f %a %c %d'";

/** One script, so that a look costs one round trip. */
const script = `
cat /proc/sys/kernel/random/boot_id
cut -d' ' -f1 /proc/uptime
cat "/sys/class/net/$1/statistics/rx_bytes"
${statfsCommand} "$2"
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
const printed = /^(?<bootId>[0-9a-f-]{36})\n(?<uptime>[\d.]+)\n(?<received>\d+)\n(?<statfs>\d[\d ]+)\n$/;

/** Parses what the script prints; throws on anything else. */
export function parseMachineState(text: string, interfaceName: string): MachineState {
  const found = printed.exec(text)?.groups;
  if (found === undefined) throw new Error(`the look at the host's kernel printed ${JSON.stringify(text)}`);
  const number = (name: string) => Number(found[name]);
  return {
    clock: { bootId: String(found.bootId), uptimeSeconds: number("uptime") },
    interface: { name: interfaceName, rxBytes: number("received") },
    fileSystem: parseStatfs(String(found.statfs)),
  };
}

/** Parses a line that `statfsCommand` prints; throws on anything else. */
export function parseStatfs(line: string): FileSystem {
  if (!/^\d+( \d+){5}$/.test(line)) throw new Error(`stat printed ${JSON.stringify(line)}`);
  const [bsize = 0, blocks = 0, bfree = 0, bavail = 0, files = 0, ffree = 0] = line.split(" ").map(Number);
  return asFileSystem({ bsize, blocks, bfree, bavail, files, ffree });
}
