import { randomBytes } from "node:crypto";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import type { SuiteSettings } from "../../suites/settings.ts";
import { judge } from "../check/judge.ts";
import { parseReference } from "../check/reference.ts";
import { namedPolicy, readPolicy } from "../config/policies.ts";
import type { Settings } from "../config/settings.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { type Recipe, stackName } from "../deploy/recipe.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import type { ClaimId } from "../model/claim.ts";
import { type Body, evidenceVersion } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import type { ImageVariant, Policy } from "../model/plan.ts";
import type { Judgement } from "../model/verdict.ts";
import { Journal, nowhere } from "./journal.ts";
import { startLab } from "./lab.ts";
import { Lane } from "./lane.ts";
import { type LanePlan, planRun } from "./plan.ts";
import { fixtureRepositories, requireDisk, requireFixtureImages } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { createRunFolder, files, pointLatest, writeResults } from "./run-folder.ts";
import { openRunScope } from "./run-scope.ts";

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
  version: string;
}

/** What a run ended with. */
export interface VerifyResult {
  folder: string;
  judgement: Judgement;
}

/** The scenarios that a request leads to, by host. */
export function planOf(request: VerifyRequest): LanePlan[] {
  return planRun(suiteSettings(request), request);
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
  const { settings } = request;
  requireFixtureImages(request.recipe);
  const lanes = planOf(request);
  const outer = await openOuterEngine();
  await pointTestcontainers();
  await requireDisk(outer);
  const id = runId();
  const folder = createRunFolder(request.runFolder ?? join("reports", id));
  const pat = randomBytes(16).toString("hex");
  using journal = new Journal(join(folder, files.evidence), [pat]);
  journal.append("run", "runner", nowhere, runHeader(request, id, lanes));
  try {
    await using scope = await openRunScope(id, request.keep);
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const account = { name: settings.account, pat };
    const work = lanes.map((lane) =>
      runLane(lane, { request, id, outer, folder: scope.folder, account, journal, progress }, either),
    );
    // The first that fails ends the other, and an interruption ends both at once: what they still wait for
    // fails as soon as the labs are removed, and is of no interest then.
    for (const lane of work) lane.catch((thrown) => failed.abort(thrown));
    await Promise.race([Promise.all(work), aborted(either)]);
    progress.say(
      request.keep ? `kept: the labs of run ${id}; ./setup --down removes them` : "removing the labs",
    );
  } catch (thrown) {
    journal.append("end", "runner", nowhere, { completed: false, reason: messageOf(thrown) });
    throw thrown;
  }
  journal.append("end", "runner", nowhere, { completed: true, reason: null });
  journal.sync();
  const judgement = judge(journal.entries);
  writeResults(folder, journal.entries, judgement);
  if (request.runFolder === undefined) pointLatest(folder);
  return { folder, judgement };
}

interface LaneContext {
  request: VerifyRequest;
  id: string;
  outer: Docker;
  folder: string;
  account: { name: string; pat: string };
  journal: Journal;
  progress: Progress;
}

async function runLane(plan: LanePlan, context: LaneContext, signal: AbortSignal): Promise<void> {
  const { request, account, journal, progress } = context;
  const { settings, recipe, deployer } = request;
  const { hub } = settings;
  const limit = (pulls: number | null) =>
    pulls === null ? null : { limit: pulls, windowSeconds: hub.windowSeconds };
  const begun = progress.begin(`${plan.host}: starting engine, swarm and hub`);
  await using lab = await startLab({
    name: plan.host,
    run: context.id,
    outer: context.outer,
    folder: context.folder,
    imageStore: settings.imageStore,
    hub: {
      accounts: [account],
      anonymous: hub.anonymous,
      limits: { account: limit(hub.accountLimit), anonymous: limit(hub.anonymousLimit) },
      bytesPerSecond: hub.bytesPerSecond,
    },
    account,
    seed: settings.seed,
    layerBytes: settings.layerBytes,
  });
  const domain = `notebook-${context.id}.example.com`;
  const app: App = { recipe, domain, stack: stackName(domain) };
  const lane = new Lane({
    lab,
    deployer,
    app,
    journal,
    progress,
    setting: {
      deployer: {
        name: deployer.name,
        version: await deployer.version(lab.host),
        registryAuth: settings.registryAuth,
        prepull: settings.prepull,
      },
      hub: {
        bytesPerSecond: hub.bytesPerSecond,
        anonymous: hub.anonymous,
        accountLimit: hub.accountLimit,
        anonymousLimit: hub.anonymousLimit,
        windowSeconds: hub.windowSeconds,
      },
      controller: {
        node: process.version,
        cpus: cpus().length,
        memoryBytes: totalmem(),
        engine: (await context.outer.version()).Version,
      },
    },
    fixtures: fixtureRepositories,
  });
  await lane.prepare(initialImages(recipe));
  begun("ready");
  await lane.run(plan.scenarios, signal);
}

/** The base image and the recipe's, as the hub offers them when a run begins. */
function initialImages(recipe: Recipe): ImageVariant[] {
  const references = [baseImage, ...Object.values(recipe.images)];
  return [...new Set(references)].map(imageVariant);
}

function imageVariant(reference: string): ImageVariant {
  const { repository, tag } = parseReference(reference);
  return { repository, tag: tag ?? "latest", variant: "a" };
}

/** The image that an operator pulled by tag: what the fixture's images are built on. */
const baseImage = "pullproof/base:1.0.0";

/** How long abra waits for a recipe that names no TIMEOUT, in seconds. */
const abraTimeout = 300;

function suiteSettings({ settings, recipe }: VerifyRequest): SuiteSettings {
  const [first = ""] = Object.keys(recipe.images);
  // Every abra recipe calls its main service `app`.
  const service = "app" in recipe.images ? "app" : first;
  return {
    imageStore: settings.imageStore,
    registryAuth: settings.registryAuth,
    prepull: settings.prepull,
    samples: settings.samples,
    policy: policyOf(settings),
    controls: { danglingOnly: namedPolicy("image-prune-f"), everyUnused: namedPolicy("image-prune-af") },
    baseImage,
    changing: { service, image: imageVariant(recipe.images[service] ?? "") },
    timeoutSeconds: Number(recipe.env.TIMEOUT ?? abraTimeout),
  };
}

function policyOf(settings: Settings): Policy {
  return readPolicy(settings.prune);
}

function runHeader(request: VerifyRequest, id: string, lanes: readonly LanePlan[]): Body<"run"> {
  const { settings, recipe, claims, version } = request;
  return {
    evidenceVersion,
    id,
    pullproof: version,
    seed: settings.seed,
    account: settings.account,
    claims,
    baseImages: [baseImage],
    recipe: { name: recipe.name, images: recipe.images },
    policy: policyOf(settings),
    scenarios: lanes.flatMap((lane) => lane.scenarios),
  };
}

/** `20261123-131502-9f3a`: sorts by time, and is fit for the names of containers and stacks. */
function runId(): string {
  const [day = "", time = ""] = new Date().toISOString().replaceAll(/[-:]/g, "").split("T");
  return `${day}-${time.slice(0, 6)}-${randomBytes(2).toString("hex")}`;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}
