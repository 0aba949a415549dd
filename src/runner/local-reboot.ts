import { existsSync, realpathSync, statfsSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "../host/host.ts";
import { installUnit, removeUnit, requireUnits } from "../install/own-unit.ts";
import { resumeUnit, resumeUnitName } from "../install/resume-unit.ts";
import { waitingFile } from "../lab/waiting.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Settled } from "./lane.ts";

/** This very program, which goes on after the boot. */
const program = { node: process.execPath, main: fileURLToPath(new URL("../cli/main.ts", import.meta.url)) };

/** Of this process's variables, those without which the resumed run would find other tools, credentials or authorities. */
const inherited = ["PATH", "HOME", "DOCKER_CONFIG", "NODE_EXTRA_CA_CERTS"];

/** File systems in memory: tmpfs and ramfs (statfs(2)). */
const inMemory: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Folders that a boot empties, or finds empty (systemd-tmpfiles, FHS 3.0). */
const emptied = ["/tmp", "/run", "/var/run", "/dev/shm"];

/**
 * Throws a Failure unless this machine can be rebooted in the middle of a run whose files go into a folder, and the run
 * goes on by itself afterwards: (usage) where what it needs would be gone, (unavailable) without the rights. Changes nothing.
 */
export async function requireOwnReboot(
  host: Pick<Host, "exec">,
  run: string,
  folder: string,
  others: readonly string[],
): Promise<void> {
  if (others.length > 0) {
    throw new Failure(ExitCode.usage, {
      what: "this machine cannot be rebooted while the same run has other hosts on it",
      seen: `--allow-reboot with the hosts ${others.join(", ")} beside live`,
      next: "make two runs: pullproof verify --host live --allow-reboot, and one without live",
    });
  }
  const lost = [folder, process.cwd(), program.main, program.node].find((path) => !outlivesBoot(path));
  if (lost !== undefined) {
    throw new Failure(ExitCode.usage, {
      what: "the run could not go on after the reboot: what it needs would be gone",
      seen: `${resolve(lost)} lies in memory, or where a boot empties the folder`,
      next: "run from a folder on the disk, and with a --run-dir there",
    });
  }
  resumeUnit(resumption(run, folder));
  await requireUnits(host);
}

/** Makes this machine go on with a run at its next boot. Returns what takes that back. */
export async function resumeAtBoot(host: Pick<Host, "exec">, run: string, folder: string): Promise<Settled> {
  await installUnit(host, resumeUnitName(run), resumeUnit(resumption(run, folder)));
  return () => removeUnit(host, resumeUnitName(run));
}

/** Takes back what goes on with a run at boot, if it is still there. */
export function forgetBoot(host: Pick<Host, "exec">, run: string): Promise<void> {
  return removeUnit(host, resumeUnitName(run));
}

function resumption(run: string, folder: string) {
  const environment = Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const state = join(resolve(folder), waitingFile);
  const { username: user } = userInfo();
  return { run, folder: resolve(folder), state, cwd: process.cwd(), user, program, environment };
}

/** Whether a path, or the nearest above it that is there, is on a disk and in no folder that a boot empties. */
function outlivesBoot(path: string): boolean {
  if (!existsSync(path)) return outlivesBoot(dirname(resolve(path)));
  const real = realpathSync(path);
  return (
    !inMemory.has(statfsSync(real).type) &&
    !emptied.some((folder) => real === folder || real.startsWith(`${folder}/`))
  );
}
