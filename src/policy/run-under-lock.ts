import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { lockShared } from "./lock.ts";

/** Signals that mean the command, and reach us in its place. */
const relayed = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** Those that a terminal sends to everything in its foreground, and so to the command as well. */
const fromTerminal: readonly string[] = ["SIGINT", "SIGQUIT"];

/**
 * Runs a command while the run lock is held, shared with other runs, and returns its exit code; for one that a
 * signal ended, 128 and the signal's number, as shells do. The command inherits the lock's descriptor: it holds
 * the lock for as long as it lives, even when this process is killed. `onWait` is called when a prune has to end
 * first. Throws a Failure: unavailable when the lock cannot be taken, usage when the command cannot be started.
 */
export async function runUnderLock(
  [file = "", ...words]: readonly string[],
  stateDir: string,
  onWait: () => void,
): Promise<number> {
  const interrupt = new AbortController();
  let child: ChildProcess | undefined;
  const relay = (signal: NodeJS.Signals) => {
    if (child === undefined) interrupt.abort(signal);
    else if (!(process.stdin.isTTY && fromTerminal.includes(signal))) child.kill(signal);
  };
  for (const signal of relayed) process.on(signal, relay);
  try {
    using lock = await lockShared(stateDir, onWait, interrupt.signal);
    interrupt.signal.throwIfAborted();
    child = spawn(file, words, { stdio: ["inherit", "inherit", "inherit", lock.fd] });
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? codeOf(signal);
  } catch (thrown) {
    if (interrupt.signal.aborted) return codeOf(interrupt.signal.reason);
    if (thrown instanceof Failure) throw thrown;
    throw new Failure(ExitCode.usage, {
      what: "the command cannot be started",
      seen: messageOf(thrown),
      next: "name a command that is there: pullproof run -- COMMAND",
      cause: thrown,
    });
  } finally {
    for (const signal of relayed) process.off(signal, relay);
  }
}

function codeOf(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}
