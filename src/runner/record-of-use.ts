import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stageOnHost } from "../deploy/files.ts";
import type { Host } from "../host/host.ts";
import { parseRecord, timePasses } from "../policy/record.ts";

/** Where the reference policy keeps its record on a host that is set up by default. */
const folder = "/var/lib/pullproof";
const file = "state.json";

const dayMs = 86_400_000;

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
  const record = parseRecord(await run(host, "cat", join(folder, file)));
  const aged = timePasses(record, days * dayMs);
  await stageOnHost(host, folder, (staged) => writeFile(join(staged, file), JSON.stringify(aged)));
}

async function run(host: Host, ...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with code ${exitCode}: ${stderr.trim()}`);
  return stdout;
}
