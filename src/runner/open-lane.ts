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
import { type Lab, startLab } from "./lab.ts";
import { Lane } from "./lane.ts";
import type { LanePlan } from "./plan.ts";
import { fixtureRepositories } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { bringUpToDate } from "./record-of-use.ts";
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
  /** The recipe of the hosts that are put under disk pressure. */
  courier: Recipe;
  deployer: Deployer;
  journal: Journal;
  progress: Progress;
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
  images: ImageVariant[] = initialImages(plan.small ? setting.courier : setting.recipe, plan.scenarios),
): Promise<OpenLane> {
  const { run, outer, folder, account, settings, fixtures, deployer, journal, progress } = setting;
  const { host: name, imageStore, small } = plan;
  const recipe = small ? setting.courier : setting.recipe;
  const { bytesPerSecond, anonymous, windowSeconds } = settings.hub;
  const [accountLimit, anonymousLimit] = small
    ? [smallLimit, smallLimit]
    : [settings.hub.accountLimit, settings.hub.anonymousLimit];
  const budget = (limit: number | null) => (limit === null ? null : { limit, windowSeconds });
  const begun = progress.begin(`${name}: starting engine, swarm and hub`);
  const lab = await startLab({
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
      limits: { account: budget(accountLimit), anonymous: budget(anonymousLimit) },
      bytesPerSecond,
    },
    account,
    fixtures,
  });
  try {
    // The lab is this run's alone, so the name is free; RFC 2606 keeps it out of anybody else's.
    const domain = `${recipe.name}.example.com`;
    const app: App = { recipe, domain, stack: stackName(domain) };
    await copyRecipe(lab.host, recipe);
    await bringUpToDate(lab.host);
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
          registryAuth: deployer.choosesAuth ? settings.registryAuth : null,
          prepull: settings.prepull,
        },
        hub: { bytesPerSecond, anonymous, accountLimit, anonymousLimit, windowSeconds },
        controller: {
          node: process.version,
          cpus: cpus().length,
          memoryBytes: totalmem(),
          engine: (await outer.version()).Version,
        },
      },
      fixtures: fixtureRepositories,
    });
    await lane.prepare(images);
    begun("ready");
    return {
      lane,
      lab,
      app,
      async [Symbol.asyncDispose]() {
        lane.close();
        await lab[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await lab[Symbol.asyncDispose]();
    throw thrown;
  }
}
