import { cpus, totalmem } from "node:os";
import type Docker from "dockerode";
import type { Settings } from "../config/settings.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { type Recipe, stackName } from "../deploy/recipe.ts";
import type { Account } from "../hub/token-endpoint.ts";
import type { FixtureImages } from "../lab/fixture-images.ts";
import type { Journal } from "./journal.ts";
import { type Lab, startLab } from "./lab.ts";
import { Lane } from "./lane.ts";
import { fixtureRepositories } from "./preflight.ts";
import type { Progress } from "./progress.ts";
import { initialImages } from "./suite-settings.ts";

/** What all lanes of a run share. */
export interface LaneSetting {
  run: string;
  outer: Docker;
  /** The run's temporary folder. */
  folder: string;
  account: Account;
  settings: Settings;
  fixtures: FixtureImages;
  recipe: Recipe;
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

/** Starts a lab under a name, publishes the fixture's images at its hub and records what it runs on. */
export async function openLane(name: string, setting: LaneSetting): Promise<OpenLane> {
  const { run, outer, folder, account, settings, fixtures, recipe, deployer, journal, progress } = setting;
  const { bytesPerSecond, anonymous, accountLimit, anonymousLimit, windowSeconds } = settings.hub;
  const budget = (limit: number | null) => (limit === null ? null : { limit, windowSeconds });
  const begun = progress.begin(`${name}: starting engine, swarm and hub`);
  const lab = await startLab({
    name,
    run,
    outer,
    folder,
    imageStore: settings.imageStore,
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
    await lane.prepare(initialImages(recipe));
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
