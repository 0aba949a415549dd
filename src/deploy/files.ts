import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import type { Host } from "../host/host.ts";
import { singleQuoted } from "../shell.ts";
import type { App, DeployRequest } from "./deployer.ts";
import type { Recipe } from "./recipe.ts";

/** The compose file that replaces images, beside the recipe's own. */
export const overridesFile = "compose.pullproof.yml";

/** Where an app's files lie on the host. */
export function folderOf(host: Host, app: App): string {
  return `${host.folder}/${app.stack}`;
}

/**
 * Stages a folder with the recipe in `recipe` below it, lets `add` complete it, and puts it on the host. Not the
 * recipe's own git data: hooks would run, and a `.git` file leads to somebody's real repository.
 */
export function copyToHost(
  host: Host,
  app: App,
  recipe: string,
  add: (folder: string) => Promise<void>,
): Promise<void> {
  return stageOnHost(host, folderOf(host, app), async (folder) => {
    await copyOf(app.recipe, join(folder, recipe));
    await add(folder);
  });
}

/** Puts a recipe on the host where abra keeps its recipes, so that the host's prune policy can see what it pins. */
export function copyRecipe(host: Host, recipe: Recipe): Promise<void> {
  return stageOnHost(host, `/root/.abra/recipes/${recipe.name}`, (folder) => copyOf(recipe, folder));
}

/** Lets `fill` make the content of a folder, and puts that into a folder on the host. */
export async function stageOnHost(
  host: Host,
  target: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
  try {
    await fill(folder);
    await host.copyIn(folder, target);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function copyOf(recipe: Recipe, folder: string): Promise<void> {
  return cp(recipe.folder, folder, { recursive: true, filter: (source) => basename(source) !== ".git" });
}

/** The overrides as a compose file. */
export function overrides(images: DeployRequest["images"]): string {
  const services = Object.fromEntries(Object.entries(images).map(([service, image]) => [service, { image }]));
  return stringify({ version: "3.8", services });
}

/** Variables as a file for a shell, quoted so that no value is anything but data. */
export function envFile(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${singleQuoted(value)}\n`)
    .join("");
}
