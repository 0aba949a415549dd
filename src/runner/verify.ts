import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { observeAudit } from "../audit/observe.ts";
import { judge } from "../check/judge.ts";
import { readPolicy } from "../config/policies.ts";
import type { Settings } from "../config/settings.ts";
import type { Deployer } from "../deploy/deployer.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { type Recipe, readRecipe } from "../deploy/recipe.ts";
import { FixtureImages } from "../lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import { defaultLab } from "../lab/rootfs.ts";
import type { ClaimId } from "../model/claim.ts";
import type { Entry } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import { Journal, nowhere } from "./journal.ts";
import type { LaneSetting } from "./open-lane.ts";
import { type LanePlan, planRun } from "./plan.ts";
import { requireBudget, requireDisk, requireFixtureImages, requireLayers } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { forgetResumeState } from "./resume-state.ts";
import { createRunFolder, files, pointLatest, writeResults } from "./run-folder.ts";
import { runHeader } from "./run-header.ts";
import { openRunScope } from "./run-scope.ts";
import { suiteSettings } from "./suite-settings.ts";

/** Everything that a run is asked to do. */
export interface VerifyRequest {
  settings: Settings;
  recipe: Recipe;
  deployer: Deployer;
  claims: ClaimId[];
  controls: boolean;
  /** Leave the labs running for a look inside. */
  keep: boolean;
  /** The run's own folder; by default one under `reports/`. */
  runFolder: string | undefined;
}

/** What a run ended with. */
export interface VerifyResult {
  folder: string;
  judgement: Judgement;
  entries: readonly Entry[];
}

/** The scenarios that a request leads to, by host. Throws a Failure when the request cannot be carried out. */
export function planOf(request: VerifyRequest): LanePlan[] {
  const { settings, recipe, deployer } = request;
  if (!settings.registryAuth && !deployer.choosesAuth) {
    throw new Failure(ExitCode.usage, {
      what: "registry auth cannot be left out of this deploy",
      seen: `--no-registry-auth with the deployer ${deployer.name}, which decides that itself`,
      next: "leave out --no-registry-auth, or use --deployer stack",
    });
  }
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
  const { settings, recipe, deployer } = request;
  const lanes = planOf(request);
  const policy = readPolicy(settings.prune);
  const audited = await observeAudit(settings, policy, new Date());
  const outer = await openOuterEngine();
  await pointTestcontainers();
  await requireDisk(outer, request.claims);
  const run = runId();
  const runFolder = createRunFolder(request.runFolder ?? join("reports", run));
  const folder = runFolder.path;
  const pat = randomBytes(16).toString("hex");
  using journal = new Journal(join(folder, files.evidence), [pat]);
  const header = runHeader(
    { ...request, run },
    {
      claims: request.claims,
      hosts: settings.hosts,
      reboot: settings.reboot,
      policy,
      scenarios: lanes.flatMap((lane) => lane.scenarios),
    },
  );
  journal.append("run", "runner", nowhere, header);
  if (audited !== null) journal.append("audit", "audit", nowhere, audited);
  try {
    await using scope = await openRunScope(run, request.keep);
    const account = { name: settings.account, pat };
    const fixtures = await FixtureImages.open(outer, settings);
    const setting = {
      run,
      outer,
      folder: scope.folder,
      account,
      settings,
      fixtures,
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
      await runLanes(lanes, setting, signal);
    } finally {
      // A run that ends by itself, well or not, leaves nothing to go on with.
      forgetResumeState(scope.folder);
    }
    progress.say(
      request.keep
        ? `kept the labs of run ${run} and ${scope.folder}; ./setup --down removes the labs`
        : "removing the labs",
    );
  } catch (thrown) {
    if (!journal.entries.some(({ kind }) => kind === "invoke")) {
      // Nothing was done, so there is nothing to tell but the error.
      runFolder.remove();
    } else {
      cutShort(journal, folder, thrown, progress);
    }
    throw thrown;
  }
  return conclude(journal, folder, request.runFolder === undefined);
}

/** Ends the evidence of a run that did not come to its end, and says where it is. */
export function cutShort(journal: Journal, folder: string, thrown: unknown, progress: Progress): void {
  journal.append("end", "runner", nowhere, { completed: false, reason: messageOf(thrown) });
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

/**
 * Runs all lanes side by side. The first that fails ends the others, and an interruption ends all at once: what
 * they still wait for fails as soon as the labs are removed, and is of no interest then.
 */
async function runLanes(
  lanes: readonly LanePlan[],
  setting: LaneSetting,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // Loading what starts labs takes as long as loading all the rest: a dry run, a check or an error does without.
  const { openLane } = await import("./open-lane.ts");
  const work = lanes.map(async (plan) => {
    await using opened = await openLane(plan, setting);
    await opened.lane.run(plan.scenarios, either);
  });
  for (const lane of work) lane.catch((thrown) => failed.abort(thrown));
  await Promise.race([Promise.all(work), aborted(either)]);
}

/** `20261123-131502-9f3a`: sorts by time, and is fit for the names of containers and stacks. */
export function runId(): string {
  const [day = "", time = ""] = new Date().toISOString().replaceAll(/[-:]/g, "").split("T");
  return `${day}-${time.slice(0, 6)}-${randomBytes(2).toString("hex")}`;
}

/** Rejects, with its reason, when a signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}
