import type { Command } from "commander";
import { loadPruneSettings } from "../config/prune-settings.ts";
import { runUnderLock } from "../policy/run-under-lock.ts";

/** `pullproof run -- COMMAND`: run a command under the host's run lock. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description("run a deploy or a test run under the host's lock, so that no prune runs beside it")
    .argument("<command...>", "the command and its arguments, after --")
    .option("--config <file>", "the prune policy's settings, which name the folder of the lock")
    .passThroughOptions()
    .action(async (command: string[], options: { config?: string }) => {
      const { stateDir } = loadPruneSettings(options.config);
      process.exitCode = await runUnderLock(command, stateDir, () =>
        process.stderr.write("a prune is in progress; waiting for its end\n"),
      );
    });
}
