import { ExitCode, Failure } from "../model/failure.ts";
import { type LivePlan, renderLivePlan } from "../report/live-plan.ts";
import { confirm } from "./confirm.ts";

/**
 * Shows what a run is about to do on a live host, and asks where there is somebody to ask. Throws a Failure (usage)
 * where nobody says yes.
 */
export async function approveLive(plan: LivePlan, yes: boolean): Promise<void> {
  process.stderr.write(`${renderLivePlan(plan)}\n`);
  if (yes) return;
  const terminal = process.stdin.isTTY && process.stderr.isTTY;
  if (terminal && (await confirm("Go on?", process.stdin, process.stderr))) return;
  throw new Failure(ExitCode.usage, {
    what: "nobody agreed to what the run would do on the live host",
    seen: terminal ? "the answer was no" : "there is no terminal to ask on",
    next: "run the same command with --yes; nothing was done",
  });
}
