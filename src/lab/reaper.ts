import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { labName } from "./names.ts";
import { openOuterEngine } from "./outer-engine.ts";
import { ownedBy, removeOwned } from "./owned.ts";
import { waitingFile, waitingHost } from "./waiting.ts";

/**
 * A process of its own that outlives a controller that was killed: once its standard input ends it removes
 * what the run made, but for a lab whose machine was rebooting: that one can be resumed. Arguments: the run's id, and
 * the run's temporary folder. It says that it stands by with a line on its standard output.
 */
const [run, folder] = process.argv.slice(2);
if (run === undefined || folder === undefined) throw new Error("usage: reaper RUN FOLDER");

// A signal meant for the controller's whole group must not end the one who cleans up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
// Nor must a controller that was killed before it read the line.
process.stdout.on("error", () => {});
process.stdout.write("standing by\n");

await text(process.stdin);
const host = waitingHost(await readFile(join(folder, waitingFile), "utf8").catch(() => null));
const spared = host === null ? null : labName(run, host);
await removeOwned(await openOuterEngine(), ownedBy(run), spared);
if (host === null) await rm(folder, { recursive: true, force: true });
else {
  const rest = (await readdir(folder)).filter((name) => name !== host && name !== waitingFile);
  for (const name of rest) await rm(join(folder, name), { recursive: true, force: true });
}
