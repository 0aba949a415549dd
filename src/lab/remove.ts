import { rm } from "node:fs/promises";
import { openOuterEngine } from "./outer-engine.ts";
import { allOwned, removeOwned } from "./owned.ts";
import { reportFailure, step } from "./progress.ts";
import { waitingFolders } from "./waiting.ts";

/**
 * What `./setup --down` runs while an engine answers: removes what carries pullproof's label from it, and the
 * temporary folders of runs that wait to be resumed, which nobody can resume then.
 */
try {
  const docker = await openOuterEngine();
  const folders = await waitingFolders(docker, allOwned);
  const removed = await removeOwned(docker, allOwned);
  for (const folder of folders) {
    await rm(folder, { recursive: true, force: true });
    step(`down: removed ${folder}, of a run that waited to be resumed`);
  }
  const counts = Object.entries(removed).map(([kind, count]) => `${count} ${kind}`);
  step(`down: removed ${counts.join(", ")}`);
} catch (error) {
  process.exitCode = reportFailure(error);
}
