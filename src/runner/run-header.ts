import { fixtureAccount, type Settings } from "../config/settings.ts";
import type { Recipe } from "../deploy/recipe.ts";
import { type Body, evidenceVersion } from "../model/evidence.ts";
import { version } from "../version.ts";
import { baseImage } from "./suite-settings.ts";

/** What any run says of itself in the first line of its evidence, and what is `about` this one. */
export function runHeader(
  { run, settings, recipe }: { run: string; settings: Settings; recipe: Recipe },
  about: Pick<Body<"run">, "claims" | "policy" | "scenarios" | "hosts" | "reboot">,
): Body<"run"> {
  return {
    evidenceVersion,
    id: run,
    pullproof: version,
    seed: settings.seed,
    account: settings.account ?? fixtureAccount,
    baseImages: [baseImage],
    recipe: { name: recipe.name, images: recipe.images },
    ...about,
  };
}
