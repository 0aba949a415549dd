import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";

/** Where the lock lies, below the folder that holds the state. Its path is part of the interface: see docs/prune-policy.md. */
export const lockPath = (stateDir: string): string => join(stateDir, "run.lock");

/** A held flock(2). It is let go when it is disposed of, or when the last process that has its descriptor ends. */
export interface HeldLock extends Disposable {
  /** The descriptor that holds it: a process that inherits it holds the lock as well. */
  fd: number;
}

/**
 * Takes the lock alone, without waiting. Null when somebody else holds it, alone or shared. Throws a Failure
 * (unavailable) when it cannot be tried.
 */
export async function lockAlone(stateDir: string): Promise<HeldLock | null> {
  return take(stateDir, ["--exclusive", "--nonblock"]);
}

/**
 * Takes a folder alone, without waiting and without a file in it. Null when somebody else holds it. Throws a Failure
 * (unavailable) when it cannot be tried.
 */
export function lockFolder(folder: string): Promise<HeldLock | null> {
  return hold(openSync(folder, constants.O_RDONLY), folder, ["--exclusive", "--nonblock"]);
}

/** Whether anybody holds the lock. Makes nothing: where there is no lock file, nobody ever held it. */
export async function lockHeld(stateDir: string): Promise<boolean> {
  if (!existsSync(lockPath(stateDir))) return false;
  using tried = await lockAlone(stateDir);
  return tried === null;
}

/**
 * Takes the lock together with others that share it. Where a prune holds it, says so by `onWait`, and waits until
 * that is over. Throws a Failure (unavailable) when it cannot be tried, and the signal's reason when that aborts.
 */
export async function lockShared(
  stateDir: string,
  onWait: () => void,
  signal: AbortSignal,
): Promise<HeldLock> {
  const atOnce = await take(stateDir, ["--shared", "--nonblock"]);
  if (atOnce !== null) return atOnce;
  onWait();
  const waited = await take(stateDir, ["--shared"], signal);
  if (waited === null) throw new Error("flock ended without the lock that it was to wait for");
  return waited;
}

/**
 * Node has no flock(2), util-linux's flock(1) has: given a descriptor, it takes the lock for what that descriptor
 * has opened, which is ours as well. So the lock stays when flock ends.
 */
function take(stateDir: string, how: string[], signal?: AbortSignal): Promise<HeldLock | null> {
  return hold(open(stateDir), lockPath(stateDir), how, signal);
}

/** Holds what a descriptor has opened, or closes it. */
async function hold(fd: number, path: string, how: string[], signal?: AbortSignal): Promise<HeldLock | null> {
  let held = false;
  try {
    const child = spawn("flock", [...how, "3"], {
      stdio: ["ignore", "ignore", "pipe", fd],
      ...(signal && { signal }),
    });
    let words = "";
    child.stderr?.on("data", (chunk) => {
      words += chunk;
    });
    const [code] = await once(child, "close");
    held = code === 0;
    if (held) return { fd, [Symbol.dispose]: () => closeSync(fd) };
    // flock's own code for a lock that somebody else holds; its errors have those of sysexits.h.
    if (code === 1) return null;
    throw new Error(words.trim() || `flock ended with code ${code}`);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw new Failure(ExitCode.unavailable, {
      what: "the run lock cannot be taken",
      seen: `${path}: ${messageOf(thrown)}`,
      next: "install util-linux, which has flock, or put stateDir on a local file system",
      cause: thrown,
    });
  } finally {
    if (!held) closeSync(fd);
  }
}

/** Opened for reading alone, so that any user who can read the file can share the lock. */
function open(stateDir: string): number {
  try {
    mkdirSync(stateDir, { recursive: true });
    return openSync(lockPath(stateDir), constants.O_RDONLY | constants.O_CREAT, 0o644);
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the run lock's file cannot be opened",
      seen: messageOf(thrown),
      next: "run the same command as root, or name another stateDir in prune.yaml",
      cause: thrown,
    });
  }
}
