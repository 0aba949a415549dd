import { openOuterEngine } from "./outer-engine.ts";
import { allOwned, removeOwned } from "./owned.ts";
import { reportFailure, step } from "./progress.ts";

/** What `./setup --down` runs while an engine answers: removes what carries pullproof's label from it. */
try {
  const removed = await removeOwned(await openOuterEngine(), allOwned);
  const counts = Object.entries(removed).map(([kind, count]) => `${count} ${kind}`);
  step(`down: removed ${counts.join(", ")}`);
} catch (error) {
  process.exitCode = reportFailure(error);
}
