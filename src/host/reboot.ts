import type Docker from "dockerode";
import { messageOf } from "../model/failure.ts";
import { NotInTime, until } from "../until.ts";
import { CutOff, type ExecResult, type Host } from "./host.ts";
import { nodeReady } from "./swarm.ts";

/** How long a live host may take from being told to reboot until it is ready, in milliseconds: firmware of servers takes minutes. */
export const rebootMs = 900_000;

/** The host went down as it was told to, and is not back: somebody has to go on later, from the evidence. */
export class HostAway extends Error {
  override readonly name = "HostAway";
}

/** A connection to a host, which a reboot ends. */
export interface Link {
  readonly up: boolean;
  /** Makes the connection anew, under the same paths. Throws while nobody answers. */
  reconnect(): Promise<void>;
}

/** What is told to reboot. */
export type Rebooted = Pick<Host, "exec" | "docker" | "folder">;

/** What OpenSSH's client ends with when its connection does (ssh(1)), and what is told of a program that a signal ended. */
const cutOff: ReadonlySet<number> = new Set([255, -1]);

/**
 * Runs a command that needs root's rights: as the user who is logged in, and where that is refused by sudo, which asks
 * nobody. What both said is in the answer to the second.
 */
export async function asRoot(host: Pick<Host, "exec">, command: string[]): Promise<ExecResult> {
  const plain = await host.exec(command);
  if (plain.exitCode === 0 || cutOff.has(plain.exitCode)) return plain;
  const bySudo = await host.exec(["sudo", "-n", ...command]);
  return { ...bySudo, stderr: [plain, bySudo].map(({ stderr }) => stderr.trim()).join("; ") };
}

/** Tells a host to reboot. One that is cut off by that has heard it. Throws, with what to allow, when it refuses. */
export async function askToReboot(host: Pick<Host, "exec">): Promise<void> {
  const { exitCode, stderr } = await asRoot(host, ["systemctl", "reboot"]).catch(heard);
  if (exitCode === 0 || cutOff.has(exitCode)) return;
  throw new Error(
    `the host refused to reboot: ${stderr}; allow the login user \`sudo -n systemctl reboot\`, or log in as root`,
  );
}

function heard(thrown: unknown): ExecResult {
  if (!(thrown instanceof CutOff)) throw thrown;
  return { exitCode: 0, stdout: "", stderr: thrown.message };
}

/** The boot id of a host; null for one that cannot be asked, as one that is on its way down. */
export async function bootIdOf(host: Pick<Host, "exec">): Promise<string | null> {
  try {
    const { exitCode, stdout } = await host.exec(["cat", "/proc/sys/kernel/random/boot_id"]);
    return exitCode === 0 ? stdout.trim() : null;
  } catch {
    return null;
  }
}

/**
 * Reboots a host at the other end of a connection, and returns when that leads to another boot than before: one that
 * is still going down may be reached as well. Throws when it refuses, and HostAway when it is not back in time.
 */
export async function rebootOver(host: Rebooted, link: Link, limitMs: number = rebootMs): Promise<void> {
  const before = await bootIdOf(host);
  if (before === null) throw new Error("the host was not rebooted: its boot id cannot be read");
  await askToReboot(host);
  const again = async () => {
    if (link.up) return "the connection from before is still there";
    try {
      await link.reconnect();
    } catch (thrown) {
      return messageOf(thrown);
    }
    const now = await bootIdOf(host);
    return now !== null && now !== before ? true : `boot id ${now ?? "unknown"}, before ${before}`;
  };
  await inTime(until("the host has rebooted", limitMs, again));
}

/**
 * Waits until engine and swarm of a host are ready that can be reached again, and makes its temporary folder anew, which
 * a reboot may empty. Throws HostAway when they are not in time.
 */
export async function readyAgain(host: Rebooted, limitMs: number = rebootMs): Promise<void> {
  const deadline = performance.now() + limitMs;
  await inTime(until("the engine answers", limitMs, () => answers(host.docker)));
  await inTime(nodeReady(host.docker, deadline - performance.now()));
  const { exitCode, stderr } = await host.exec(["sh", "-euc", folderScript, "again", host.folder]);
  if (exitCode !== 0) throw new Error(`the temporary folder cannot be made again: ${stderr.trim()}`);
}

const answers = (docker: Docker) =>
  docker.ping().then(
    () => true as const,
    (thrown) => messageOf(thrown),
  );

/** The name is known by now, so what bears it may be somebody else's. */
const folderScript = `
if [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; then exit; fi
mkdir -m 700 "$1"
`;

async function inTime(wait: Promise<void>): Promise<void> {
  try {
    await wait;
  } catch (thrown) {
    if (thrown instanceof NotInTime) throw new HostAway(thrown.message, { cause: thrown });
    throw thrown;
  }
}
