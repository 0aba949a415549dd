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
