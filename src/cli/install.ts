import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { count } from "../check/units.ts";
import { type PlannedFile, toWrite } from "../install/plan.ts";
import { renderFiles } from "../install/render.ts";
import { nextCommands, systemdFiles } from "../install/systemd.ts";
import { isBelow, openTarget, programWithin, type Target } from "../install/target.ts";
import type { Program } from "../install/units.ts";
import { planFiles, writeFiles } from "../install/write.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { confirm } from "./confirm.ts";
import { print } from "./terminal.ts";

interface InstallOptions {
  systemd: true;
  root: string;
  yes?: boolean;
  json?: boolean;
}

/** `pullproof install --systemd`: put the prune policy's units onto this host, or into an image. */
export function addInstall(program: Command): void {
  program
    .command("install")
    .description("show the prune policy's units, and write them onto this host")
    .requiredOption("--systemd", "the units and timer of systemd, and settings that show the defaults")
    .option("--root <dir>", "write below another root, such as that of an image", "/")
    .option("--yes", "write without asking")
    .option("--json", "print what is written and what to run next as JSON")
    .action(async (options: InstallOptions) => {
      process.exitCode = await run(options);
    });
}

async function run({ root, yes, json }: InstallOptions): Promise<number> {
  const here = { node: process.execPath, main: fileURLToPath(new URL("./main.ts", import.meta.url)) };
  const target = await openTarget(root);
  warnOfOutside(target, here);
  const plan = planFiles(systemdFiles(target, programWithin(target.root, here)));
  const wanted = toWrite(plan);
  if (!json) print(renderFiles(plan));
  if (!yes && wanted.length > 0) {
    if (json || !process.stdin.isTTY || !process.stderr.isTTY) throw needsYes(wanted);
    if (!(await confirm(`Write ${count(wanted.length, "file")}?`, process.stdin, process.stderr))) {
      print("nothing was written");
      return ExitCode.interrupted;
    }
  }
  await writeFiles(wanted);
  const next = nextCommands(target, plan);
  print(json ? JSON.stringify({ files: plan, next }, null, 2) : renderNext(wanted.length, next));
  return ExitCode.pass;
}

function renderNext(written: number, next: readonly string[]): string {
  return [
    written === 0 ? "nothing to write" : `${count(written, "file")} written`,
    ...next.map((command) => `next: ${command}`),
  ].join("\n");
}

function needsYes(wanted: readonly PlannedFile[]): Failure {
  return new Failure(ExitCode.usage, {
    what: "nothing is written without a yes, and there is nobody to ask",
    seen: `to write: ${wanted.map(({ path }) => path).join(", ")}`,
    next: "the same command with --yes, when that is what you want",
  });
}

/** What an image's units start has to be in the image. */
function warnOfOutside({ root }: Target, program: Program): void {
  const outside = Object.values(program).filter((path: string) => !isBelow(root, path));
  if (outside.length > 0)
    process.stderr.write(
      `warning: the units start what is outside of ${root} and has to be in there too: ${outside.join(", ")}\n`,
    );
}
