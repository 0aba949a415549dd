import { cpus, totalmem } from "node:os";
import type Docker from "dockerode";
import type { Settings } from "../config/settings.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { copyRecipe } from "../deploy/files.ts";
import { type Recipe, stackName } from "../deploy/recipe.ts";
import type { Account } from "../hub/token-endpoint.ts";
import type { FixtureImages } from "../lab/fixture-images.ts";
import type { LabImageSpec } from "../lab/rootfs.ts";
import type { ImageVariant } from "../model/plan.ts";
import type { Journal } from "./journal.ts";
import { type Lab, type LabOptions, startLab } from "./lab.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import type { LanePlan } from "./plan.ts";
import { fixtureRepositories } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { bringUpToDate } from "./record-of-use.ts";
import { forgetResumeState, type ResumeState, writeResumeState } from "./resume-state.ts";
import { baseImage, initialImages } from "./suite-settings.ts";

/** What all lanes of a run share. */
export interface LaneSetting {
  run: string;
  outer: Docker;
  /** The run's temporary folder. */
  folder: string;
  account: Account;
  settings: Settings;
  fixtures: FixtureImages;
  /** What the image of the hosts is made of. */
  engine: LabImageSpec;
  recipe: Recipe;
  /** The recipe of the hosts that are put under disk pressure, and of the virtual machine. */
  courier: Recipe;
  deployer: Deployer;
  journal: Journal;
  progress: Progress;
  /** What else has to be known to resume a run that is killed while a machine reboots; null where nobody can. */
  resumable: Pick<ResumeState, "latest"> | null;
}

/** A lane that is ready to run scenarios. */
export interface OpenLane extends AsyncDisposable {
  lane: Lane;
  lab: Lab;
  app: App;
}

/** What a small file system holds: so many layers of the fixture, and what the engine and the base image take. */
const smallLayers = 24;
const smallOverhead = 8_000_000;

/**
 * Pulls that the hub of a small file system allows: twenty new releases are more than a day's budget, and what a
 * budget does to a host is not the question there.
 */
const smallLimit = 1_000;

/** The containerd store keeps each layer twice, packed and unpacked. */
const copies = { graphdriver: 1, containerd: 2 } as const;

/** Starts the lab of a lane, publishes the fixture's images at its hub and records what it runs on. */
export async function openLane(
  plan: LanePlan,
  setting: LaneSetting,
  images: ImageVariant[] = initialImages(recipeOf(plan, setting), plan.scenarios),
): Promise<OpenLane> {
  const begun = setting.progress.begin(`${plan.host}: starting engine, swarm and hub`);
  const lab = await startLab(labOptions(plan, setting));
  try {
    const { recipe } = appOf(plan, setting);
    await copyRecipe(lab.host, recipe);
    // Only where days are made to pass does it matter what the policy knows of earlier uses.
    if (plan.small) await bringUpToDate(lab.host);
    const opened = await laneOf(plan, setting, lab);
    await opened.lane.prepare(images);
    begun("ready");
    return opened;
  } catch (thrown) {
    await lab[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** What a lane's lab is made of. */
export function labOptions(plan: LanePlan, setting: LaneSetting): LabOptions {
  const { run, outer, folder, account, settings, fixtures } = setting;
  const { kind, host: name, imageStore, small } = plan;
  const { bytesPerSecond, anonymous, windowSeconds } = settings.hub;
  const limits = limitsOf(plan, settings);
  const budget = (limit: number | null) => (limit === null ? null : { limit, windowSeconds });
  return {
    kind,
    name,
    run,
    outer,
    folder,
    imageStore,
    engine: setting.engine,
    dataRootBytes: small ? copies[imageStore] * smallLayers * settings.layerBytes + smallOverhead : null,
    keep: [baseImage],
    hub: {
      accounts: [account],
      anonymous,
      limits: { account: budget(limits.accountLimit), anonymous: budget(limits.anonymousLimit) },
      bytesPerSecond,
    },
    account,
    fixtures,
  };
}

/** The lane of a lab whose engine is up. */
export async function laneOf(plan: LanePlan, setting: LaneSetting, lab: Lab): Promise<OpenLane> {
  const { outer, settings, deployer, journal, progress } = setting;
  const { bytesPerSecond, anonymous, windowSeconds } = settings.hub;
  const app = appOf(plan, setting);
  const lane = new Lane({
    site: lab,
    deployer,
    app,
    journal,
    progress,
    setting: {
      deployer: {
        name: deployer.name,
        version: await deployer.version(lab.host),
        registryAuth: deployer.choosesAuth ? settings.registryAuth : null,
        prepull: settings.prepull,
      },
      hub: { bytesPerSecond, anonymous, ...limitsOf(plan, settings), windowSeconds },
      controller: {
        node: process.version,
        cpus: cpus().length,
        memoryBytes: totalmem(),
        engine: (await outer.version()).Version,
      },
    },
    fixtures: fixtureRepositories,
    resumable: resumableLane(plan, setting, lab),
  });
  return {
    lane,
    lab,
    app,
    async [Symbol.asyncDispose]() {
      lane.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** What makes a run resumable while the machine of this lane reboots; undefined where nothing does. */
function resumableLane({ host }: LanePlan, setting: LaneSetting, { keys }: Lab): LaneOptions["resumable"] {
  const { folder, settings, deployer, account, resumable } = setting;
  if (keys === null || resumable === null) return undefined;
  return async (scenarios) => {
    const { pat } = account;
    const name = deployer.name as ResumeState["deployer"];
    await writeResumeState(folder, { host, scenarios, settings, deployer: name, pat, keys, ...resumable });
    return () => forgetResumeState(folder);
  };
}

function limitsOf({ small }: LanePlan, { hub: { accountLimit, anonymousLimit } }: Settings) {
  return small ? { accountLimit: smallLimit, anonymousLimit: smallLimit } : { accountLimit, anonymousLimit };
}

function appOf(plan: LanePlan, setting: LaneSetting): App {
  const recipe = recipeOf(plan, setting);
  // The lab is this run's alone, so the name is free; RFC 2606 keeps it out of anybody else's.
  const domain = `${recipe.name}.example.com`;
  return { recipe, domain, stack: stackName(domain) };
}

/** The recipe that a lane deploys: the one under test, or the courier where it is not the recipe that matters. */
function recipeOf({ kind, small }: LanePlan, { recipe, courier }: LaneSetting): Recipe {
  return small || kind === "vm" ? courier : recipe;
}
