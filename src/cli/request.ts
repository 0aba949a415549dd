import { selectClaims } from "../config/claims.ts";
import type { Resolved } from "../config/layers.ts";
import type { Settings } from "../config/settings.ts";
import { chooseDeployer } from "../deploy/choose.ts";
import { findRecipe } from "../deploy/find-recipe.ts";
import { fixtureRecipes } from "../deploy/fixture-recipes.ts";
import { readRecipe } from "../deploy/recipe.ts";
import type { VerifyRequest } from "../runner/verify.ts";
import { approveLive } from "./approve-live.ts";

/** What a command line may say about a run beyond its settings. */
export interface RequestOptions {
  only?: string;
  skip?: string;
  controls?: boolean;
  runDir?: string;
  keep?: boolean;
  yes?: boolean;
}

/** What a run is asked to do. Throws a Failure (usage, bad configuration, environment missing). */
export function requestOf({ settings, origins }: Resolved<Settings>, options: RequestOptions): VerifyRequest {
  return {
    settings,
    origins,
    recipe: readRecipe(findRecipe(settings.recipe ?? fixtureRecipes.notebook)),
    // A live host brings its own; only hosts that are the run's get one from here.
    deployer: chooseDeployer(settings.hosts.every((kind) => kind === "live") ? "stack" : settings.deployer),
    claims: selectClaims(options.only, options.skip, settings),
    controls: options.controls ?? true,
    keep: options.keep ?? false,
    runFolder: options.runDir,
    approve: (plan) => approveLive(plan, options.yes ?? false),
  };
}
