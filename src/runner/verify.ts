import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { observeAudit } from "../audit/observe.ts";
import { judge } from "../check/judge.ts";
import type { Resolved } from "../config/layers.ts";
import { readPolicy } from "../config/policies.ts";
import { fixtureAccount, type Settings } from "../config/settings.ts";
import type { Deployer } from "../deploy/deployer.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { type Recipe, readRecipe } from "../deploy/recipe.ts";
import { FixtureImages } from "../lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import { defaultLab } from "../lab/rootfs.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Entry } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import type { LivePlan } from "../report/live-plan.ts";
import { Journal, nowhere } from "./journal.ts";
import { openLive } from "./live.ts";
import { whileWaiting } from "./live-lane.ts";
import type { LaneSetting } from "./open-lane.ts";
import { type LanePlan, planRun } from "./plan.ts";
import {
  requireAuthChoice,
  requireBudget,
  requireDisk,
  requireFixtureImages,
  requireLayers,
} from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { forgetResumeState } from "./resume-state.ts";
import { createRunFolder, files, pointLatest, type RunFolder, writeResults } from "./run-folder.ts";
import { runHeader } from "./run-header.ts";
import { runId } from "./run-id.ts";
import { openRunScope } from "./run-scope.ts";
import { suiteSettings } from "./suite-settings.ts";

/** Everything that a run is asked to do. */
export interface VerifyRequest {
  settings: Settings;
  /** Where each setting came from, by its key: an error blames what has to be changed. */
  origins: Resolved<Settings>["origins"];
  recipe: Recipe;
  deployer: Deployer;
  claims: ClaimId[];
  controls: boolean;
  /** Leave the labs running for a look inside. */
  keep: boolean;
  /** The run's own folder; by default one under `reports/`. */
  runFolder: string | undefined;
  /** Asks whoever is in charge of a live host; throws to refuse. */
  approve(plan: LivePlan): Promise<void>;
}

/** What a run ended with. */
export interface VerifyResult {
  folder: string;
  judgement: Judgement;
  entries: readonly Entry[];
}

/** The scenarios that a request leads to on hosts of the run's own, by host. Throws a Failure when the request cannot be carried out. */
export function planOf(request: VerifyRequest): LanePlan[] {
  const { settings, origins, recipe, deployer } = request;
  requireAuthChoice(deployer, settings, origins);
  if (settings.hosts.every((kind) => kind === "live")) return [];
  requireFixtureImages(recipe);
  const plans = {
    recipe: suiteSettings(settings, recipe, deployer),
    courier: suiteSettings(settings, readRecipe(fixtureRecipes.courier), deployer),
    hosts: settings.hosts,
    reboot: settings.reboot,
  };
  const lanes = planRun(plans, request);
  requireBudget(lanes, recipe, settings);
  requireLayers(lanes, settings);
  return lanes;
}

/**
 * Plans, runs, judges and reports. Throws when the run could not be made, or was interrupted; evidence that was
 * written by then stays in the run's folder, and the labs are gone all the same.
 */
export async function verify(
  request: VerifyRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const lanes = planOf(request);
  const run = runId();
  const wanted = request.runFolder ?? join("reports", run);
  await using live = request.settings.hosts.includes("live")
    ? await openLive(request.settings, run, wanted)
    : null;
  if (live !== null) await request.approve(live.summary);
  const account = request.settings.account ?? live?.credentials?.account ?? fixtureAccount;
  const settings = { ...request.settings, account };
  const recipe = lanes.length === 0 && live !== null ? live.app.recipe : request.recipe;
  const policy = live?.policy ?? readPolicy(settings.prune);
  const audited = await observeAudit(settings, policy, new Date());
  const outer = lanes.length === 0 ? null : await openLabEngine(request.claims);
  const runFolder = createRunFolder(wanted);
  const latest = request.runFolder === undefined;
  const folder = runFolder.path;
  const pat = randomBytes(16).toString("hex");
  using journal = openJournal(runFolder, [pat]);
  const header = runHeader(
    { settings, recipe, run },
    {
      claims: request.claims,
      hosts: settings.hosts,
      reboot: settings.reboot,
      policy,
      scenarios: [...lanes, ...(live === null ? [] : [live.plan])].flatMap((lane) => lane.scenarios),
    },
  );
  try {
    journal.append("run", "runner", nowhere, header);
    if (audited !== null) journal.append("audit", "audit", nowhere, audited);
    const { failed, both } = together(signal);
    const work = [
      ...(live === null
        ? []
        : [Promise.race([live.run({ journal, progress, folder, latest }, both), aborted(both)])]),
      ...(outer === null
        ? []
        : [
            runLabs(
              lanes,
              { ...request, settings },
              { run, outer, pat, journal, progress, failed, signal: both },
            ),
          ]),
    ];
    for (const one of work) one.catch((thrown) => failed.abort(thrown));
    // What labs leave is removed before anything is said of how they ended.
    await Promise.allSettled(work);
    failed.signal.throwIfAborted();
  } catch (thrown) {
    if (!journal.entries.some(({ kind }) => kind === "invoke")) {
      // Nothing was done, so there is nothing to tell but the error.
      runFolder.remove();
    } else if (live?.waits()) {
      throw whileWaiting(folder, thrown);
    } else {
      cutShort(journal, folder, thrown, progress);
    }
    throw thrown;
  }
  return conclude(journal, folder, latest);
}

/** The evidence of a new run. Where it cannot be made, no folder is left. */
function openJournal(runFolder: RunFolder, secrets: readonly string[]): Journal {
  try {
    return new Journal(join(runFolder.path, files.evidence), secrets);
  } catch (thrown) {
    runFolder.remove();
    throw thrown;
  }
}

/** Ends the evidence of a run that did not come to its end, and says where it is. */
export function cutShort(journal: Journal, folder: string, thrown: unknown, progress: Progress): void {
  try {
    journal.append("end", "runner", nowhere, { completed: false, reason: messageOf(thrown) });
  } catch (full) {
    // Evidence without an end is judged as that of a run that was killed.
    if (full !== thrown) progress.say(messageOf(full));
  }
  progress.say(`the evidence so far is in ${folder}; pullproof check ${folder} judges it`);
}

/** Ends the evidence of a run, judges it and writes the results. */
export function conclude(journal: Journal, folder: string, latest: boolean): VerifyResult {
  journal.append("end", "runner", nowhere, { completed: true, reason: null });
  journal.sync();
  const judgement = judge(journal.entries);
  writeResults(folder, journal.entries, judgement);
  if (latest) pointLatest(folder);
  return { folder, judgement, entries: journal.entries };
}

/** A signal of a run's own beside the given one: the first part that fails ends the others. */
function together(signal: AbortSignal): { failed: AbortController; both: AbortSignal } {
  const failed = new AbortController();
  return { failed, both: AbortSignal.any([signal, failed.signal]) };
}

/** The engine that carries labs, which have to fit on it. */
async function openLabEngine(claims: readonly ClaimId[]): Promise<Docker> {
  const outer = await openOuterEngine();
  await pointTestcontainers();
  await requireDisk(outer, claims);
  return outer;
}

/** What labs of one run are made with. */
interface LabRun {
  run: string;
  outer: Docker;
  pat: string;
  journal: Journal;
  progress: Progress;
  failed: AbortController;
  signal: AbortSignal;
}

/**
 * Runs the lanes of all labs side by side. The first that fails ends the others, and an interruption ends all at once:
 * what they still wait for fails as soon as the labs are removed, and is of no interest then.
 */
async function runLabs(lanes: readonly LanePlan[], request: VerifyRequest, labs: LabRun): Promise<void> {
  const { run, outer, pat, journal, progress, failed, signal } = labs;
  const { settings, recipe, deployer } = request;
  await using scope = await openRunScope(run, request.keep);
  const setting: LaneSetting = {
    run,
    outer,
    folder: scope.folder,
    account: { name: settings.account ?? fixtureAccount, pat },
    settings,
    fixtures: await FixtureImages.open(outer, settings),
    engine: defaultLab,
    recipe,
    courier: readRecipe(fixtureRecipes.courier),
    deployer,
    journal,
    progress,
    // What is kept is left to its user, by this process and by any other.
    resumable: request.keep ? null : { latest: request.runFolder === undefined },
  };
  try {
    // Loading what starts labs takes as long as loading all the rest: a dry run, a check or an error does without.
    const { openLane } = await import("./open-lane.ts");
    const work = lanes.map(async (plan) => {
      await using opened = await openLane(plan, setting);
      await opened.lane.run(plan.scenarios, signal);
    });
    for (const lane of work) lane.catch((thrown) => failed.abort(thrown));
    await Promise.race([Promise.all(work), aborted(signal)]);
  } finally {
    // A run that ends by itself, well or not, leaves nothing to go on with.
    forgetResumeState(scope.folder);
  }
  progress.say(
    request.keep
      ? `kept the labs of run ${run} and ${scope.folder}; ./setup --down removes the labs`
      : "removing the labs",
  );
}

/** Rejects, with its reason, when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}
