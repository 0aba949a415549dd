import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import type { Host } from "../host/host.ts";
import type { App, DeployRequest } from "./deployer.ts";

/** The compose file that replaces images, beside the recipe's own. */
export const overridesFile = "compose.pullproof.yml";

/** Where an app's files lie on the host. */
export function folderOf(app: App): string {
  return `/opt/pullproof/${app.stack}`;
}

/**
 * Stages a folder with the recipe in `recipe` below it, lets `add` complete it, and puts it on the host. Not the
 * recipe's own git data: hooks would run, and a `.git` file leads to somebody's real repository.
 */
export async function copyToHost(
  host: Host,
  app: App,
  recipe: string,
  add: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
  try {
    await cp(app.recipe.folder, join(folder, recipe), {
      recursive: true,
      filter: (source) => basename(source) !== ".git",
    });
    await add(folder);
    await host.copyIn(folder, folderOf(app));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The overrides as a compose file. */
export function overrides(images: DeployRequest["images"]): string {
  const services = Object.fromEntries(Object.entries(images).map(([service, image]) => [service, { image }]));
  return stringify({ version: "3.8", services });
}

/** Variables as a file for a shell, quoted so that no value is anything but data. */
export function envFile(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("");
}
