import type { Host } from "../host/host.ts";
import type { FileSystem } from "../model/pressure.ts";

/** The file that fills the file system of the data root, beside what the engine keeps there. */
const ballast = (dataRoot: string) => `${dataRoot}/pullproof-ballast`;

/** fallocate takes blocks and writes nothing. */
const fillScript = `
rm -f "$1"
if [ "$2" -gt 0 ]; then fallocate -l "$2" "$1"; fi
`;

/**
 * Zeros until there is not a byte left: what comes meanwhile cannot get ahead of it. A file system that is not in memory
 * is not the lab's own, but that of everybody on the machine.
 */
const fillUpScript = `
if [ "$(stat -f -c %T "$(dirname "$1")")" != tmpfs ]; then
  echo "it is no small file system of its own" >&2
  exit 1
fi
cat /dev/zero > "$1" 2> /dev/null
test -s "$1"
`;

/** Fills the file system of the data root to its last byte. `fill` with a share of 0 takes that away again. */
export async function fillUp(host: Host, dataRoot: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(["sh", "-c", fillUpScript, "fill", ballast(dataRoot)]);
  if (exitCode !== 0) throw new Error(`the data root could not be filled: ${stderr.trim()}`);
}

/**
 * Brings the used bytes of the data root's file system to a share of all, as far as ballast alone can: with too
 * much else there, none is left. `look` reads the file system.
 */
export async function fill(
  host: Host,
  dataRoot: string,
  share: number,
  look: () => Promise<FileSystem>,
): Promise<void> {
  const write = async (bytes: number) => {
    const { exitCode, stderr } = await host.exec([
      "sh",
      "-euc",
      fillScript,
      "fill",
      ballast(dataRoot),
      String(bytes),
    ]);
    if (exitCode !== 0) throw new Error(`the data root could not be filled: ${stderr.trim()}`);
  };
  await write(0);
  if (share === 0) return;
  const { totalBytes, usedBytes } = await look();
  await write(Math.max(0, Math.ceil(totalBytes * share) - usedBytes));
}
