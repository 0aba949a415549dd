import { CommanderError } from "commander";
import { ExitCode, Failure, GoesOnLater } from "../model/failure.ts";
import { reportError } from "./terminal.ts";

/** Tells a person what went wrong, and returns the exit code for it. Commander has already told what it threw itself. */
export function codeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  if (thrown instanceof GoesOnLater) process.stderr.write(`${thrown.what}; ${thrown.next}\n`);
  else reportError(thrown);
  return thrown instanceof Failure ? thrown.exitCode : ExitCode.internal;
}
