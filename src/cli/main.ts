#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { ExitCode, Failure } from "../model/failure.ts";
import { version } from "../version.ts";
import { addAttach } from "./attach.ts";
import { addCheck } from "./check.ts";
import { reportError } from "./terminal.ts";
import { addVerify } from "./verify.ts";

const program = new Command("pullproof")
  .description("Proves that a Docker host keeps its image cache, or shows exactly when and why it does not.")
  .version(version)
  .showHelpAfterError("next: pullproof --help")
  .exitOverride();

addVerify(program);
addCheck(program);
addAttach(program);

try {
  await program.parseAsync();
} catch (thrown) {
  // What an interrupted run had begun may still hold the process; its clean-up is over by now.
  process.exit(codeOf(thrown));
}

/** Commander has already said what was wrong with the command line. */
function codeOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.pass : ExitCode.usage;
  reportError(thrown);
  return thrown instanceof Failure ? thrown.exitCode : ExitCode.internal;
}
