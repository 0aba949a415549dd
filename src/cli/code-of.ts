import { CommanderError } from "commander";
import { ExitCode, Failure, GoesOnLater } from "../model/failure.ts";
import { allThrown, reportError } from "./terminal.ts";

/**
 * Tells a person what went wrong, and returns the exit code for it: where cleaning up after an error failed too, that of
 * an internal error, because something was left behind. Commander has already told what it threw itself.
 */
export function codeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  const all = allThrown(thrown);
  for (const one of all) {
    if (one instanceof GoesOnLater) process.stderr.write(`${one.what}; ${one.next}\n`);
    else reportError(one);
  }
  const codes = all.map((one) => (one instanceof Failure ? one.exitCode : ExitCode.internal));
  return codes.find((code) => code === ExitCode.internal) ?? codes[0] ?? ExitCode.internal;
}
