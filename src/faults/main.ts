import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { faultNames } from "../../suites/faults.ts";
import { codeOf } from "../cli/code-of.ts";
import { interruption } from "../cli/interruption.ts";
import { print, terminalProgress } from "../cli/terminal.ts";
import { chosen } from "../config/chosen.ts";
import { loadSettings } from "../config/settings.ts";
import type { ExitCode } from "../model/failure.ts";
import { exitCodeOf } from "./cells.ts";
import { renderFaults, renderOutcomes, renderTable, unexpected } from "./render.ts";

const docs = fileURLToPath(new URL("../../docs/faults.md", import.meta.url));
const command = "npm run verify:faults";

async function verifyFaults(names: readonly string[], host: string | undefined): Promise<ExitCode> {
  const asked = chosen("there is no such fault", names, faultNames, (name) => name);
  const { hosts } = loadSettings({ hosts: host?.split(",") });
  const signal = interruption("the faults were interrupted", command);
  // Loading what starts labs takes as long as loading all the rest: help or an error does without.
  const { runFaults } = await import("./run.ts");
  using progress = terminalProgress();
  const { rows, folder, engines } = await runFaults(
    hosts,
    ({ fault }) => asked.includes(fault),
    signal,
    progress,
  );
  const date = new Date().toISOString().slice(0, 10);
  const text = renderFaults(rows, { date, engines, cpus: cpus().length, memoryBytes: totalmem() });
  writeFileSync(join(folder, "faults.md"), text);
  writeFileSync(join(folder, "outcomes.json"), renderOutcomes(rows));
  // A part must not pass for the whole; what befalls a virtual machine alone is told as left out.
  const whole = asked.length === faultNames.length && hosts.includes("lab");
  if (whole) writeFileSync(docs, text);
  print(renderTable(rows));
  for (const line of unexpected(rows)) print(line);
  print(`table: ${whole ? "docs/faults.md, " : ""}${folder}/faults.md`);
  return exitCodeOf(rows.map(({ cell }) => cell));
}

try {
  await new Command(`${command} --`)
    .description("Interrupt pulls and fail the hub in the middle of the chain, and tell what comes of it.")
    .argument("[fault...]", `some of ${faultNames.join(", ")}; default all`)
    .option("--host <kinds>", "hosts that the faults befall: lab, vm, or lab,vm")
    .showHelpAfterError(`next: ${command} -- --help`)
    .exitOverride()
    .action(async (names: string[], { host }: { host?: string }) => {
      process.exitCode = await verifyFaults(names, host);
    })
    .parseAsync();
} catch (thrown) {
  // What an interrupted run had begun may still hold the process; its clean-up is over by now.
  process.exit(codeOf(thrown));
}
