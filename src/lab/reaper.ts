import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { openOuterEngine } from "./outer-engine.ts";
import { ownedBy, removeOwned } from "./owned.ts";

/**
 * A process of its own that outlives a controller that was killed: once its standard input ends it removes
 * what the run made. Arguments: the run's id, and the run's temporary folder.
 */
const [run, folder] = process.argv.slice(2);
if (run === undefined || folder === undefined) throw new Error("usage: reaper RUN FOLDER");

// A signal meant for the controller's whole group must not end the one who cleans up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

await text(process.stdin);
await removeOwned(await openOuterEngine(), ownedBy(run));
await rm(folder, { recursive: true, force: true });
