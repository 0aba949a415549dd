import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { fixtureAccount } from "../config/settings.ts";
import { chooseDeployer } from "../deploy/choose.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe } from "../deploy/recipe.ts";
import { bootIdOf } from "../host/reboot.ts";
import { FixtureImages } from "../lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import { ownedBy } from "../lab/owned.ts";
import { defaultLab } from "../lab/rootfs.ts";
import { waitingFolders } from "../lab/waiting.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { goOn } from "./go-on.ts";
import { Journal } from "./journal.ts";
import { attachLab } from "./lab.ts";
import { type LaneSetting, labOptions, laneOf } from "./open-lane.ts";
import { openRestart, requireRebooted, requireUnfinished } from "./open-restart.ts";
import type { LanePlan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { resumeLive } from "./resume-live.ts";
import { forgetResumeState, type ResumeState, readResumeState, waitsIn } from "./resume-state.ts";
import { files } from "./run-folder.ts";
import { takeOverRunScope } from "./run-scope.ts";
import { readStoredRun, requireSound } from "./stored.ts";
import { aborted, type VerifyResult } from "./verify.ts";

/** What is left of the certificate's life must do for the rest of the plan, in milliseconds. */
const enoughMs = 3_600_000;

/**
 * Goes on with a run whose controller was killed, or gave up, while a host rebooted: from its evidence, to its end, and
 * judges it. Throws a Failure when there is nothing to go on with, and (try later) when the host has not rebooted; the run
 * is left as it is then. From there on it is as resumable as any other run.
 */
export async function resume(folder: string, progress: Progress, signal: AbortSignal): Promise<VerifyResult> {
  const stored = readStoredRun(folder);
  requireSound(stored);
  const [header] = stored.entries;
  if (header?.kind !== "run") throw new Error("a sound run begins with its header");
  requireUnfinished(folder, stored.entries);
  const run = header.data.id;
  const goOnWith = waitsIn(folder) ? resumeLive : resumeMachine;
  return goOnWith(run, folder, progress, signal);
}

/** Goes on with a run on hosts of its own, whose machine rebooted. */
async function resumeMachine(
  run: string,
  folder: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const outer = await openOuterEngine();
  await pointTestcontainers();
  const temporary = await waitingFolder(outer, run, folder);
  await using scope = await takeOverRunScope(run, temporary);
  // Read anew: until now another process may have had the run in hand.
  const state = readResumeState(scope.folder);
  const { entries } = readStoredRun(folder);
  const open = openRestart(folder, entries, state.host);
  requireValid(state, folder);
  using journal = Journal.reopen(join(folder, files.evidence), [state.pat]);
  const { plan, setting } = await reopened(state, { run, outer, folder: scope.folder, journal, progress });
  const done = progress.begin(`${state.host}: taking over the machine`);
  const attaching = attachLab(labOptions(plan, setting), state.keys, open.manner);
  const { lab, machine } = await Promise.race([attaching, aborted(signal)]);
  await using _ = lab;
  requireRebooted(folder, open, await bootIdOf(machine));
  const restarted = await Promise.race([machine.comeBack(open.manner), aborted(signal)]);
  done("rebooted");
  const { lane } = await laneOf(plan, setting, lab);
  const settled = () => forgetResumeState(scope.folder);
  const work = lane.resume({ earlier: entries, left: state.scenarios, restarted }, settled, signal);
  const result = await goOn({ lane, journal, folder, progress, latest: state.latest }, work, settled, signal);
  progress.say("removing the labs");
  return result;
}

/** The temporary folder of a run that waits. Throws a Failure (environment missing) when it does not, or no longer. */
async function waitingFolder(outer: Docker, run: string, folder: string): Promise<string> {
  const label = ownedBy(run);
  const [found] = await waitingFolders(outer, label);
  if (found !== undefined) return found;
  const { length: left } = await outer.listContainers({ all: true, filters: { label: [label] } });
  throw new Failure(ExitCode.unavailable, {
    what:
      left === 0
        ? "the run is not resumable: its machine is gone"
        : "the run is not resumable: no machine of it is rebooting",
    seen:
      left === 0
        ? `no container of run ${run}: it was killed outside of a reboot, or ./setup --down has removed it`
        : `${left} containers of run ${run}, which goes on, or was kept with --keep`,
    next: `judge what there is: pullproof check ${folder}; or make a new run: npm run verify`,
  });
}

/** Throws a Failure (environment missing) when the host would soon trust its hub no longer. */
function requireValid({ keys }: ResumeState, folder: string): void {
  const { validToDate } = new X509Certificate(keys.certificates.cert);
  if (validToDate.getTime() - Date.now() > enoughMs) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the run is not resumable any more: it has waited for too long",
    seen: `the certificate of its hub ends at ${validToDate.toISOString()}`,
    next: `remove what it left: ./setup --down; judge what there is: pullproof check ${folder}`,
  });
}

/** The lane that was under way, and what it shared with the others, as `verify` had them. */
async function reopened(
  { host, scenarios, settings, deployer, pat, latest }: ResumeState,
  shared: Pick<LaneSetting, "run" | "outer" | "folder" | "journal" | "progress">,
): Promise<{ plan: LanePlan; setting: LaneSetting }> {
  const courier = readRecipe(fixtureRecipes.courier);
  const fixtures = await FixtureImages.open(shared.outer, settings);
  return {
    plan: { host, kind: "vm", imageStore: settings.imageStore, small: false, scenarios },
    setting: {
      ...shared,
      account: { name: settings.account ?? fixtureAccount, pat },
      settings,
      fixtures,
      engine: defaultLab,
      recipe: courier,
      courier,
      deployer: chooseDeployer(deployer),
      resumable: { latest },
    },
  };
}
