import type { Agent } from "undici";
import { live as liveSuite } from "../../suites/live.ts";
import { readHostPolicy } from "../config/policies.ts";
import { fixtureAccount, type Settings } from "../config/settings.ts";
import { probeAbra } from "../deploy/abra-facts.ts";
import { deployerOnHost } from "../deploy/choose.ts";
import type { App } from "../deploy/deployer.ts";
import { findRecipe } from "../deploy/find-recipe.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { type Recipe, readRecipe, stackName } from "../deploy/recipe.ts";
import { takenBy } from "../deploy/stack-objects.ts";
import { diagnose } from "../doctor/diagnose.ts";
import type { Diagnosis } from "../doctor/diagnosis.ts";
import { examine } from "../doctor/examine.ts";
import { askHubOver } from "../doctor/look/hub.ts";
import { requireFit } from "../doctor/refuse.ts";
import { type Credentials, readCredentials } from "../host/credentials.ts";
import { hostDispatcher } from "../host/dispatcher.ts";
import { LiveHost } from "../host/live.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Policy, Scenario } from "../model/plan.ts";
import type { LivePlan } from "../report/live-plan.ts";
import { accountedUnits } from "../witness/accounting.ts";
import { engineFacts } from "../witness/environment.ts";
import { imageStore as lookAtStore } from "../witness/images.ts";
import type { RateLimitOptions } from "../witness/rate-limit.ts";
import { registryImage } from "../witness/registry-image.ts";
import { interfaceTo } from "../witness/route.ts";
import type { Site } from "./lane.ts";
import { endLive, goesOnAtBoot, type LiveStage, liveLane, type RunFiles, whenBack } from "./live-lane.ts";
import { requireOwnReboot } from "./local-reboot.ts";
import type { LanePlan } from "./plan.ts";
import { pullsOf } from "./preflight.ts";
import { waitsIn } from "./resume-state.ts";
import { runId } from "./run-id.ts";
import { holdRun } from "./run-scope.ts";
import { suiteSettings } from "./suite-settings.ts";

/** A live host that was looked at, and what a run would do there. Nothing was changed but a temporary folder made. */
export interface LiveRun extends AsyncDisposable {
  plan: LanePlan;
  /** What a person has to know of it. */
  summary: LivePlan;
  app: App;
  /** The prune run that is made; null where none is allowed. */
  policy: Policy | null;
  /** As whom the host pulls; null where nobody is logged in. */
  credentials: Credentials | null;
  /** Runs the plan. Throws a Failure (try later) when the host goes down for longer than this process waits, or with it. */
  run(given: RunFiles, signal: AbortSignal): Promise<void>;
  /** Whether the host reboots at this moment: somebody can go on with the run then, so nothing is taken back. */
  waits(): boolean;
}

/**
 * Opens a live host and lays out what a run does there, whose files are to go into a folder. Throws a Failure when it
 * cannot be used.
 */
export async function openLive(settings: Settings, run: string, folder: string): Promise<LiveRun> {
  await using opened = new AsyncDisposableStack();
  const host = opened.use(await LiveHost.open(settings));
  if (settings.allowReboot && host.local)
    await requireOwnReboot(
      host,
      run,
      folder,
      settings.hosts.filter((kind) => kind !== "live"),
    );
  const live = await prepareLive(host, settings, run, folder);
  // From here on it is the run's to close.
  opened.move();
  return live;
}

/** What a run would do on a live host. Nothing is done there. */
export async function liveSummary(settings: Settings): Promise<LivePlan> {
  await using live = await openLive(settings, runId(), "reports");
  return live.summary;
}

async function prepareLive(
  host: LiveHost,
  settings: Settings,
  run: string,
  folder: string,
): Promise<LiveRun> {
  const app = liveApp(settings, run);
  const { recipe } = app;
  const deployer = await deployerOnHost(settings.deployer, host);
  const policy = settings.allowPrune ? readHostPolicy(settings.prune) : null;
  const planned = (first: "cold" | "cached") =>
    liveSuite(
      {
        ...suiteSettings({ ...settings, prune: "reference" }, recipe, deployer),
        ...(policy === null ? {} : { policy }),
      },
      { first, prune: policy !== null, reboot: settings.allowReboot },
    );
  const access = await liveAccess(host);
  // What is read of the registry comes on top of the plan.
  const pulls = pullsOf({ scenarios: [planned("cold")] }, recipe) + 2 * Object.keys(recipe.images).length;
  const diagnoses = await checkUp(host, access, settings, { stack: app.stack, pulls });
  requireFit(diagnoses);
  requireAccount(settings, access);
  await requireFree(host, app);
  const { version, imageStore } = await engineFacts(host.docker);
  const known = await registryImages(host, access, recipe);
  const scenario = planned((await allStored(host, known)) ? "cached" : "cold");
  const site: Site = {
    host,
    hub: null,
    rateLimit: access,
    interfaceName: await interfaceTo(host, "registry-1.docker.io"),
    accountedUnits: await accountedUnits(host),
    accelerator: null,
  };
  const stage = { run, host, access, site, app, deployer, settings, known };
  let work: Promise<void> | null = null;
  // A folder of that name may be another run's, until this one begins.
  const waits = () => work !== null && waitsIn(folder);
  return {
    plan: { host: host.name, kind: "live", imageStore, small: false, scenarios: [scenario] },
    summary: {
      address: host.address,
      engine: version,
      stack: app.stack,
      recipe: { name: recipe.name, images: recipe.images },
      deployer: `${deployer.name} ${await deployer.version(host)}`,
      account: access.credentials?.account ?? null,
      scenarios: [scenario],
      notices: diagnoses
        .filter(({ status }) => status !== "ok")
        .map(({ check, found }) => `${check}: ${found}`),
    },
    app,
    policy,
    credentials: access.credentials,
    run(given, signal) {
      work = runLane(stage, given, scenario, signal).catch(
        host.local ? goesOnAtBoot(folder) : whenBack(host.address, folder),
      );
      return work;
    },
    waits,
    async [Symbol.asyncDispose]() {
      await endLive(stage, work ?? Promise.resolve(), waits);
    },
  };
}

/** What a run deploys on a live host. RFC 2606 keeps the domain out of anybody's hands, four digits out of another run's. */
export function liveApp(settings: Settings, run: string): App {
  const domain = `pullproof-${run.slice(-4)}.example.com`;
  return {
    recipe: readRecipe(findRecipe(settings.recipe ?? fixtureRecipes.lighthouse)),
    domain,
    stack: stackName(domain),
  };
}

/** How registries are asked: from the host, as whom it pulls. */
export interface LiveAccess extends RateLimitOptions {
  dispatcher: Agent;
  credentials: Credentials | null;
}

/** Reads as whom a host pulls. What cannot be read is nobody; the doctor says why. */
export async function liveAccess(host: LiveHost): Promise<LiveAccess> {
  const credentials = await readCredentials(host).catch(() => null);
  const account = credentials === null ? null : { name: credentials.account, pat: credentials.secret };
  return { dispatcher: hostDispatcher(host), credentials, account };
}

/** What the doctor says of a live host before a run that needs so much of it. */
export async function checkUp(
  host: LiveHost,
  { dispatcher, credentials }: LiveAccess,
  { account, registryAuth, deployer }: Settings,
  needs: { stack: string; pulls: number | null },
): Promise<Diagnosis[]> {
  const asked = {
    account: account ?? credentials?.account ?? fixtureAccount,
    registryAuth,
    deployer,
    ...needs,
  };
  const ways = { askHub: askHubOver(dispatcher), now: Date.now, probeAbra };
  const facts = await examine(host, asked, ways);
  return diagnose(facts, Date.now());
}

async function registryImages(
  host: LiveHost,
  access: LiveAccess,
  { images }: Recipe,
): Promise<Body<"published">[]> {
  const { Arch } = await host.docker.version();
  const references = [...new Set(Object.values(images))];
  return Promise.all(references.map((image) => registryImage(access, image, Arch)));
}

async function runLane(
  stage: LiveStage,
  given: RunFiles,
  scenario: Scenario,
  signal: AbortSignal,
): Promise<void> {
  // As long as the run goes on here, nobody else goes on with it.
  using _lock = await holdRun(given.folder);
  const lane = await liveLane(stage, given);
  try {
    await lane.prepare([]);
    await lane.run([scenario], signal);
  } finally {
    lane.close();
  }
}

/** Whether the store has every image, under whatever name. */
async function allStored(host: LiveHost, known: readonly Body<"published">[]): Promise<boolean> {
  const { images } = await lookAtStore(host.docker);
  const digests = new Set(images.flatMap((image) => image.digests.map((name) => name.split("@")[1])));
  return known.every(({ digest }) => digests.has(digest));
}

/** Throws a Failure where a host is logged in as somebody else than the account that pulls have to run as. */
function requireAccount({ account }: Settings, { credentials }: LiveAccess): void {
  if (account === undefined || credentials === null || credentials.account === account) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the live host is logged in as another account than the settings name",
    seen: `${credentials.account} there, account: ${account} in the settings`,
    next: `there: docker login --username ${account}; or correct account in pullproof.yaml`,
  });
}

/** Throws a Failure unless nothing bears the stack's name: a run touches nothing but its own. */
async function requireFree(host: LiveHost, app: App): Promise<void> {
  const taken = await takenBy(host.docker, app.stack);
  if (taken.length === 0) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the name of the run's stack is taken on the live host",
    seen: taken.join(", "),
    next: "run the command again: each run has a name of its own",
  });
}
