import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type Docker from "dockerode";
import { parseReference } from "../check/reference.ts";
import type { Recipe } from "../deploy/recipe.ts";
import { ExitCode, Failure } from "../model/failure.ts";

/** What two lab hosts and their hubs take up at their most, in bytes, with room to spare: measured at 0.5 GB. */
const neededBytes = 2_000_000_000;

/** Throws a Failure when the outer engine's disk has too little room for a lab. */
export async function requireDisk(outer: Docker): Promise<void> {
  const { DockerRootDir: root } = await outer.info();
  // An engine of another machine's file system cannot be looked at from here; it says so itself when it is full.
  if (!existsSync(root)) return;
  const { bavail, bsize } = await statfs(root);
  if (bavail * bsize >= neededBytes) return;
  throw new Failure(ExitCode.unavailable, {
    what: "there is too little disk for the lab",
    seen: `${Math.round((bavail * bsize) / 1e6)} MB are free under ${root}, ${neededBytes / 1e6} MB are needed`,
    next: `free space under ${root}, for instance with ./setup --down where other runs were kept`,
  });
}

/** Fixture images by the repository under which the hub offers them. */
export const fixtureRepositories: Record<string, string> = {
  "pullproof/base": "base",
  "pullproof/web": "web",
  "pullproof/worker": "worker",
  "pullproof/store": "store",
};

/** Throws a Failure when the recipe names an image that the lab's hub does not have. */
export function requireFixtureImages(recipe: Recipe): void {
  for (const [service, image] of Object.entries(recipe.images)) {
    const { repository, tag, digest } = parseReference(image);
    if (repository in fixtureRepositories && tag !== null && digest === null) continue;
    throw new Failure(ExitCode.config, {
      what: "the recipe names an image that the lab's hub does not have",
      seen: `service ${service} of ${recipe.folder} uses ${image}`,
      next: `use images of the fixture, each with a tag: ${Object.keys(fixtureRepositories).join(", ")}`,
    });
  }
}
