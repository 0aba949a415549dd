#!/usr/bin/env node
import { Command } from "commander";
import { version } from "../version.ts";
import { codeOf } from "./code-of.ts";

const program = new Command("pullproof")
  .description("Proves that a Docker host keeps its image cache, or shows exactly when and why it does not.")
  .version(version)
  .showHelpAfterError("next: pullproof --help")
  // What follows the command of `run` belongs to that command.
  .enablePositionalOptions()
  .exitOverride();

/** Each in a file of its own: a prune on a host that is short of everything should not load what a lab needs. */
const commands: Record<string, () => Promise<(program: Command) => void>> = {
  verify: async () => (await import("./verify.ts")).addVerify,
  config: async () => (await import("./config.ts")).addConfig,
  nightly: async () => (await import("./nightly.ts")).addNightly,
  resume: async () => (await import("./resume.ts")).addResume,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
  check: async () => (await import("./check.ts")).addCheck,
  attach: async () => (await import("./attach.ts")).addAttach,
  status: async () => (await import("./status.ts")).addStatus,
  prune: async () => (await import("./prune.ts")).addPrune,
  watch: async () => (await import("./watch.ts")).addWatch,
  install: async () => (await import("./install.ts")).addInstall,
  run: async () => (await import("./run.ts")).addRun,
  audit: async () => (await import("./audit.ts")).addAudit,
};

// A reader that has seen enough, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  // For anything else than one of their names, such as --help or a misspelt one, all are asked for.
  const [first = ""] = process.argv.slice(2);
  const wanted = Object.hasOwn(commands, first) ? [first] : Object.keys(commands);
  for (const name of wanted) (await commands[name]?.())?.(program);
  await program.parseAsync();
} catch (thrown) {
  // What an interrupted run had begun may still hold the process; its clean-up is over by now.
  process.exit(codeOf(thrown));
}
