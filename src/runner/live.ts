import { cpus, totalmem } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { getCACertificates, connect as tlsConnect } from "node:tls";
import { Agent } from "undici";
import { live as liveSuite } from "../../suites/live.ts";
import { readHostPolicy } from "../config/policies.ts";
import type { Settings } from "../config/settings.ts";
import { deployerOnHost } from "../deploy/choose.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe, stackName } from "../deploy/recipe.ts";
import { leftOf } from "../deploy/stack-objects.ts";
import { finishTeardown } from "../deploy/teardown.ts";
import { type Credentials, readCredentials } from "../host/credentials.ts";
import { LiveHost } from "../host/live.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { Policy } from "../model/plan.ts";
import type { LivePlan } from "../report/live-plan.ts";
import { accountedUnits } from "../witness/accounting.ts";
import { engineFacts } from "../witness/environment.ts";
import { imageStore } from "../witness/images.ts";
import { registryImage } from "../witness/registry-image.ts";
import { interfaceTo } from "../witness/route.ts";
import type { Journal } from "./journal.ts";
import { Lane, type Site } from "./lane.ts";
import type { LanePlan } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { suiteSettings } from "./suite-settings.ts";

/** A live host that was looked at, and what a run would do there. Nothing was changed but a temporary folder made. */
export interface LiveRun extends AsyncDisposable {
  plan: LanePlan;
  /** What a person has to know of it. */
  summary: LivePlan;
  host: LiveHost;
  app: App;
  deployer: Deployer;
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
  await using live = await openLive(settings, "dry-run");
  return live.summary;
}

async function prepareLive(host: LiveHost, settings: Settings, run: string): Promise<LiveRun> {
  const recipe = readRecipe(settings.recipe ?? fixtureRecipes.lighthouse);
  const deployer = await deployerOnHost(settings.deployer, host);
  const credentials = await readCredentials(host);
  const account = credentials === null ? null : { name: credentials.account, pat: credentials.secret };
  const dispatcher = liveDispatcher(host);
  const engine = await engineFacts(host.docker);
  const { Arch } = await host.docker.version();
  const known = await Promise.all(
    [...new Set(Object.values(recipe.images))].map((image) =>
      registryImage({ dispatcher, account }, image, Arch),
    ),
  );
  // RFC 2606 keeps the domain out of anybody's hands, and the run's own four digits out of another run's.
  const domain = `pullproof-${run.slice(-4)}.example.com`;
  const app: App = { recipe, domain, stack: stackName(domain) };
  await requireFree(host, app);
  const first = (await allStored(host, known)) ? "cached" : "cold";
  const suite = {
    ...suiteSettings({ ...settings, prune: "reference" }, recipe, deployer),
    imageStore: engine.imageStore,
    ...(settings.allowPrune ? { policy: readHostPolicy(settings.prune) } : {}),
  };
  const scenario = liveSuite(suite, { first, prune: settings.allowPrune, reboot: settings.allowReboot });
  const site: Site = {
    host,
    hub: null,
    rateLimit: { dispatcher, account },
    interfaceName: await interfaceTo(host, "registry-1.docker.io"),
    accountedUnits: await accountedUnits(host),
    accelerator: null,
  };
  let work: Promise<void> = Promise.resolve();
  return {
    plan: {
      host: host.name,
      kind: "live",
      imageStore: engine.imageStore,
      small: false,
      scenarios: [scenario],
    },
    summary: {
      address: host.address,
      engine: engine.version,
      stack: app.stack,
      recipe: { name: recipe.name, images: recipe.images },
      deployer: `${deployer.name} ${await deployer.version(host)}`,
      account: credentials?.account ?? null,
      scenarios: [scenario],
    },
    host,
    app,
    deployer,
    policy: settings.allowPrune ? suite.policy : null,
    credentials,
    run(journal, progress, signal) {
      work = runLane({ site, app, deployer, settings, known, journal, progress }, [scenario], signal);
      return work;
    },
    async [Symbol.asyncDispose]() {
      try {
        // What still goes on when a run was interrupted would put back what is taken away.
        await Promise.race([work.catch(() => {}), wait(lastStepMs, undefined, { ref: false })]);
        await tidy(host, app);
      } finally {
        await dispatcher.destroy();
        await host[Symbol.asyncDispose]();
      }
    },
  };
}

interface LiveLane {
  site: Site;
  app: App;
  deployer: Deployer;
  settings: Settings;
  known: readonly Body<"published">[];
  journal: Journal;
  progress: Progress;
}

async function runLane(
  { site, app, deployer, settings, known, journal, progress }: LiveLane,
  scenarios: LanePlan["scenarios"],
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
      address: (site.host as LiveHost).address,
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
    await lane.run(scenarios, signal);
  } finally {
    lane.close();
  }
}

/** Whether the store has every image, under whatever name. */
async function allStored(host: LiveHost, known: readonly Body<"published">[]): Promise<boolean> {
  const { images } = await imageStore(host.docker);
  const digests = new Set(images.flatMap((image) => image.digests.map((name) => name.split("@")[1])));
  return known.every(({ digest }) => digests.has(digest));
}

async function requireFree(host: LiveHost, app: App): Promise<void> {
  const left = await leftOf(host.docker, app.stack);
  if (left.length === 0) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the name of the run's stack is taken on the live host",
    seen: left.join(", "),
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

/** Reaches registries from the host, whose address is the one that anonymous pulls are counted for. */
function liveDispatcher(host: LiveHost): Agent {
  const ca = [...getCACertificates("default"), ...getCACertificates("system")];
  return new Agent({
    // A connection that is kept may be closed by its other end just when it is used again.
    pipelining: 0,
    connect(options, callback) {
      const servername = options.servername || options.hostname;
      const port = Number(options.port || 443);
      const socket = tlsConnect({ socket: host.dial(options.hostname, port), servername, ca });
      socket.once("secureConnect", () => callback(null, socket));
      socket.once("error", (error) => callback(error, null));
    },
  });
}
