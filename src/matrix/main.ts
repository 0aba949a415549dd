import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { codeOf } from "../cli/code-of.ts";
import { interruption } from "../cli/interruption.ts";
import { print, terminalProgress } from "../cli/terminal.ts";
import { ExitCode } from "../model/failure.ts";
import { chosenEngines, engines } from "./engines.ts";
import { renderMatrix, renderTable, unexpected } from "./render.ts";

const docs = fileURLToPath(new URL("../../docs/engines.md", import.meta.url));
const command = "npm run verify:matrix";

async function verifyMatrix(names: readonly string[]): Promise<ExitCode> {
  const asked = chosenEngines(names);
  const signal = interruption("the matrix was interrupted", command);
  // Loading what starts labs takes as long as loading all the rest: help or an error does without.
  const { runMatrix } = await import("./run.ts");
  using progress = terminalProgress();
  const { rows, folder, outer } = await runMatrix(asked, signal, progress);
  const date = new Date().toISOString().slice(0, 10);
  const text = renderMatrix(rows, { date, folder, outer, cpus: cpus().length, memoryBytes: totalmem() });
  writeFileSync(join(folder, "engines.md"), text);
  // A part of the matrix must not pass for the whole.
  const whole = asked.length === engines.length;
  if (whole) writeFileSync(docs, text);
  print(renderTable(rows, process.stdout.columns ?? 120));
  const surprises = unexpected(rows);
  for (const line of surprises) print(`not as expected: ${line}`);
  print(`table: ${whole ? "docs/engines.md, " : ""}${folder}/engines.md`);
  return surprises.length === 0 ? ExitCode.pass : ExitCode.fail;
}

try {
  await new Command(`${command} --`)
    .description("Judge engine releases side by side, with each image store, with and without prepull.")
    .argument("[engine...]", `some of ${engines.map(({ name }) => name).join(", ")}; default all`)
    .showHelpAfterError(`next: ${command} -- --help`)
    .exitOverride()
    .action(async (names: string[]) => {
      process.exitCode = await verifyMatrix(names);
    })
    .parseAsync();
} catch (thrown) {
  // What an interrupted run had begun may still hold the process; its clean-up is over by now.
  process.exit(codeOf(thrown));
}
