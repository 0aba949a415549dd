import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { Pin } from "./model.ts";
import { pinnedImages } from "./pins.ts";

/** The compose files of an abra recipe: compose.yml, and those that are put on top of it. */
const composeName = /^compose.*\.ya?ml$/;

/**
 * Images that compose files pin: those of every recipe in the abra directory, and those listed. Throws a Failure
 * (bad configuration) when any of them cannot be read: an unknown pin could be of any image.
 */
export function readPins(abraDir: string | null, composeFiles: readonly string[]): Pin[] {
  const recipes = abraDir === null ? [] : recipeFiles(abraDir);
  return [...recipes, ...composeFiles].flatMap((path) => {
    const images = reading(path, () => pinnedImages(readFileSync(path, "utf8")));
    return images.map((image) => ({ image, by: path }));
  });
}

/** An abra directory without a folder for recipes has none; one that is not there was not meant. */
function recipeFiles(abraDir: string): string[] {
  const entries = (folder: string) => reading(folder, () => readdirSync(folder, { withFileTypes: true }));
  if (!entries(abraDir).some(({ name }) => name === "recipes")) return [];
  const recipes = join(abraDir, "recipes");
  return entries(recipes)
    .filter((recipe) => recipe.isDirectory() || recipe.isSymbolicLink())
    .map(({ name }) => join(recipes, name))
    .flatMap((recipe) =>
      entries(recipe)
        .filter(({ name }) => composeName.test(name))
        .map(({ name }) => join(recipe, name)),
    )
    .sort();
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw new Failure(ExitCode.config, {
      what: "what the recipes and compose files pin cannot be read, so no image can be told from a pinned one",
      seen: `${path}: ${messageOf(thrown)}`,
      next: "correct that file, or change abraDir or composeFiles in prune.yaml",
      cause: thrown,
    });
  }
}
