import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { defaultStateDir } from "../config/prune-settings.ts";
import { stageOnHost } from "../deploy/files.ts";
import type { Host } from "../host/host.ts";
import { unitMs } from "../policy/age.ts";
import { parseRecord, timePasses } from "../policy/record.ts";
import { statePath } from "../policy/state-file.ts";

/** Where the reference policy keeps its record on the host. */
const state = statePath(defaultStateDir);

/** Brings the record up to date; the first time, begins it. Uses from then on are known. */
export async function bringUpToDate(host: Host): Promise<void> {
  await run(host, "pullproof", "watch", "--once");
}

/**
 * Lets days pass, as far as the reference policy's record of use knows: it is brought up to date first, and then
 * every use in it is so much longer ago. The host's clock stays as it is.
 */
export async function age(host: Host, days: number): Promise<void> {
  await bringUpToDate(host);
  const record = parseRecord(await run(host, "cat", state));
  const aged = timePasses(record, days * unitMs.day);
  await stageOnHost(host, dirname(state), (staged) =>
    writeFile(join(staged, basename(state)), JSON.stringify(aged)),
  );
}

async function run(host: Host, ...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with code ${exitCode}: ${stderr.trim()}`);
  return stdout;
}
