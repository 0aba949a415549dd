import { cpus, totalmem } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Agent } from "undici";
import { live as liveSuite } from "../../suites/live.ts";
import { readHostPolicy } from "../config/policies.ts";
import { fixtureAccount, type Settings } from "../config/settings.ts";
import { probeAbra } from "../deploy/abra-facts.ts";
import { deployerOnHost } from "../deploy/choose.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { type Recipe, readRecipe, stackName } from "../deploy/recipe.ts";
import { leftOf, takenBy } from "../deploy/stack-objects.ts";
import { finishTeardown } from "../deploy/teardown.ts";
import { diagnose } from "../doctor/diagnose.ts";
import type { Diagnosis } from "../doctor/diagnosis.ts";
import { examine } from "../doctor/examine.ts";
import { askHubOver } from "../doctor/look/hub.ts";
import { requireFit } from "../doctor/refuse.ts";
import { type Credentials, readCredentials } from "../host/credentials.ts";
import { hostDispatcher } from "../host/dispatcher.ts";
import { LiveHost } from "../host/live.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { Policy, Scenario } from "../model/plan.ts";
import type { LivePlan } from "../report/live-plan.ts";
import { accountedUnits } from "../witness/accounting.ts";
import { engineFacts } from "../witness/environment.ts";
import { imageStore as lookAtStore } from "../witness/images.ts";
import type { RateLimitOptions } from "../witness/rate-limit.ts";
import { registryImage } from "../witness/registry-image.ts";
import { interfaceTo } from "../witness/route.ts";
import type { Journal } from "./journal.ts";
import { Lane, type Site } from "./lane.ts";
import type { LanePlan } from "./plan.ts";
import { pullsOf } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { runId } from "./run-id.ts";
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
  /** Runs the plan. */
  run(journal: Journal, progress: Progress, signal: AbortSignal): Promise<void>;
}

/** How long a step that is under way may take to end after an interruption, in milliseconds. */
const lastStepMs = 10_000;

/** Opens a live host and lays out what a run does there. Throws a Failure when it cannot be used. */
export async function openLive(settings: Settings, run: string): Promise<LiveRun> {
  const host = await LiveHost.open(settings);
  try {
    return await prepareLive(host, settings, run);
  } catch (thrown) {
    await host[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** What a run would do on a live host. Nothing is done there. */
export async function liveSummary(settings: Settings): Promise<LivePlan> {
  await using live = await openLive(settings, runId());
  return live.summary;
}

async function prepareLive(host: LiveHost, settings: Settings, run: string): Promise<LiveRun> {
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
  let work: Promise<void> = Promise.resolve();
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
    run(journal, progress, signal) {
      work = runLane(
        { site, app, deployer, settings, known, journal, progress, address: host.address },
        scenario,
        signal,
      );
      return work;
    },
    async [Symbol.asyncDispose]() {
      try {
        // What still goes on when a run was interrupted would put back what is taken away.
        await Promise.race([work.catch(() => {}), wait(lastStepMs, undefined, { ref: false })]);
        await tidy(host, app);
      } finally {
        await access.dispatcher.destroy();
        await host[Symbol.asyncDispose]();
      }
    },
  };
}

/** What a run deploys on a live host. RFC 2606 keeps the domain out of anybody's hands, four digits out of another run's. */
export function liveApp(settings: Settings, run: string): App {
  const domain = `pullproof-${run.slice(-4)}.example.com`;
  return {
    recipe: readRecipe(settings.recipe ?? fixtureRecipes.lighthouse),
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

interface LiveLane {
  site: Site;
  address: string;
  app: App;
  deployer: Deployer;
  settings: Settings;
  known: readonly Body<"published">[];
  journal: Journal;
  progress: Progress;
}

async function runLane(
  { site, address, app, deployer, settings, known, journal, progress }: LiveLane,
  scenario: Scenario,
  signal: AbortSignal,
): Promise<void> {
  const lane = new Lane({
    site,
    deployer,
    app,
    journal,
    progress,
    known,
    setting: {
      address,
      stack: app.stack,
      deployer: {
        name: deployer.name,
        version: await deployer.version(site.host),
        registryAuth: deployer.choosesAuth ? settings.registryAuth : null,
        prepull: settings.prepull,
      },
      hub: null,
      controller: { node: process.version, cpus: cpus().length, memoryBytes: totalmem(), engine: null },
    },
    fixtures: {},
  });
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

/** Takes away whatever is left of the run's own stack. Throws a Failure that says how to do so by hand. */
async function tidy(host: LiveHost, app: App): Promise<void> {
  try {
    const services = (await leftOf(host.docker, app.stack)).filter((left) => left.startsWith("service "));
    if (services.length > 0) await host.exec(["docker", "stack", "rm", app.stack]);
    const { status, message } = await finishTeardown(host.docker, app);
    if (status !== "ok") throw new Error(message ?? "unknown");
  } catch (thrown) {
    throw new Failure(ExitCode.internal, {
      what: "what the run deployed could not be taken away from the live host",
      seen: `stack ${app.stack}: ${messageOf(thrown)}`,
      next: `there: docker stack rm ${app.stack}; then docker volume ls and docker secret ls show what bears its name`,
      cause: thrown,
    });
  }
}
