import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fixtureAccount, loadSettings } from "../config/settings.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe } from "../deploy/recipe.ts";
import { StackDeployer } from "../deploy/stack.ts";
import { FixtureImages } from "../lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../lab/outer-engine.ts";
import { defaultLab } from "../lab/rootfs.ts";
import { Journal } from "./journal.ts";
import type { LaneSetting } from "./open-lane.ts";
import type { Progress } from "./progress.ts";
import { runId } from "./run-id.ts";
import { openRunScope } from "./run-scope.ts";

/** A run that is not judged as a verification: what lanes share, until it is disposed of. */
export interface BareRun extends AsyncDisposable {
  setting: LaneSetting;
}

/** Opens a run with the default settings and the stack deployer. Evidence goes to `folder`, or nowhere lasting. */
export async function openBareRun(progress: Progress, folder: string | null): Promise<BareRun> {
  const settings = loadSettings({ deployer: "stack" });
  const outer = await openOuterEngine();
  await pointTestcontainers();
  const run = runId();
  const scope = await openRunScope(run, false);
  const pat = randomBytes(16).toString("hex");
  const journal = new Journal(join(folder ?? scope.folder, "evidence.jsonl"), [pat]);
  return {
    setting: {
      run,
      outer,
      folder: scope.folder,
      account: { name: settings.account ?? fixtureAccount, pat },
      settings,
      fixtures: await FixtureImages.open(outer, settings),
      engine: defaultLab,
      recipe: readRecipe(fixtureRecipes.notebook),
      courier: readRecipe(fixtureRecipes.courier),
      deployer: new StackDeployer(),
      journal,
      progress,
      resumable: null,
    },
    async [Symbol.asyncDispose]() {
      journal[Symbol.dispose]();
      await scope[Symbol.asyncDispose]();
    },
  };
}
