import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type Docker from "dockerode";
import { blamedCode, type Resolved } from "../config/layers.ts";
import type { Settings } from "../config/settings.ts";
import type { Deployer } from "../deploy/deployer.ts";
import type { Recipe } from "../deploy/recipe.ts";
import type { ClaimId } from "../model/claim.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Step } from "../model/plan.ts";
import { asFileSystem, highWaterMark, usedShare } from "../model/pressure.ts";
import { parseReference } from "../model/reference.ts";
import type { LanePlan } from "./plan.ts";

/**
 * Throws a Failure when deploys are to send no credentials and the deployer decides that itself: usage where an option
 * asked for it, and else bad configuration.
 */
export function requireAuthChoice(
  deployer: Deployer,
  settings: Settings,
  { registryAuth: origin }: Resolved<Settings>["origins"],
): void {
  if (settings.registryAuth || deployer.choosesAuth) return;
  throw new Failure(blamedCode(origin), {
    what: "registry auth cannot be left out of this deploy",
    seen: `registryAuth: false (${origin?.where}) with the deployer ${deployer.name}, which decides that itself`,
    next: "leave that out, or use --deployer stack",
  });
}

/** What two lab hosts and their hubs take up at their most, in bytes, with room to spare: measured at 0.5 GB. */
const neededBytes = 2_000_000_000;

/**
 * Throws a Failure when the outer engine's disk has too little room for a lab, or is so full that a prune run
 * without disk pressure, which PC1.1 is about, cannot be shown on it.
 */
export async function requireDisk(outer: Docker, claims: readonly ClaimId[]): Promise<void> {
  const { DockerRootDir: root } = await outer.info();
  // An engine of another machine's file system cannot be looked at from here; it says so itself when it is full.
  if (!existsSync(root)) return;
  const disk = asFileSystem(await statfs(root));
  const freeBytes = disk.totalBytes - disk.usedBytes;
  if (freeBytes < neededBytes) {
    throw new Failure(ExitCode.unavailable, {
      what: "there is too little disk for the lab",
      seen: `${Math.round(freeBytes / 1e6)} MB are free under ${root}, ${neededBytes / 1e6} MB are needed`,
      next: `free space under ${root}, for instance with ./setup --down where other runs were kept`,
    });
  }
  const used = usedShare(disk);
  if (!claims.includes("PC1.1") || used < highWaterMark) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the disk is too full to show a prune run without disk pressure",
    seen: `${Math.floor(used * 100)} % of the file system of ${root} is used; from ${highWaterMark * 100} % on it is under pressure`,
    next: "free space there, or leave that claim out: --skip PC1.1",
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
    if (Object.hasOwn(fixtureRepositories, repository) && tag !== null && digest === null) continue;
    throw new Failure(ExitCode.config, {
      what: "the recipe names an image that the lab's hub does not have",
      seen: `service ${service} of ${recipe.folder} uses ${image}`,
      next: `use images of the fixture, each with a tag: ${Object.keys(fixtureRepositories).join(", ")}`,
    });
  }
}

/** With smaller layers the fixture's base image and the engine's own files decide how full a small disk is. */
const leastLayerBytes = 2_000_000;

/** Throws a Failure when the fixture's layers are too small to put a disk under pressure by them. */
export function requireLayers(lanes: readonly LanePlan[], { layerBytes }: Settings): void {
  if (layerBytes >= leastLayerBytes || !lanes.some(({ small }) => small)) return;
  throw new Failure(ExitCode.config, {
    what: "the fixture's layers are too small to put a disk under pressure",
    seen: `layerBytes: ${layerBytes}, at least ${leastLayerBytes} are needed`,
    next: "raise layerBytes in pullproof.yaml, or leave the claims out: --skip PC1,PC2.4,PC3.3",
  });
}

/**
 * How many pulls of a budget a host's plan may take at most: a deploy asks for each service's manifest at most twice, to
 * resolve the digest and to pull.
 */
export function pullsOf({ scenarios }: Pick<LanePlan, "scenarios">, recipe: Recipe): number {
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const times = (does: Step["do"]) => steps.filter((step) => step.do === does).length;
  return 2 * Object.keys(recipe.images).length * times("deploy") + times("pull");
}

/**
 * Throws a Failure when the plan of one host may take more pulls than the hub's budget allows: the hub would
 * refuse deploys for a reason that has nothing to do with the host. The hosts under disk pressure have a hub that
 * allows more.
 */
export function requireBudget(lanes: readonly LanePlan[], recipe: Recipe, settings: Settings): void {
  const identity = settings.registryAuth ? "account" : "anonymous";
  const limit = settings.registryAuth ? settings.hub.accountLimit : settings.hub.anonymousLimit;
  for (const lane of lanes.filter(({ small }) => !small)) {
    const pulls = pullsOf(lane, recipe);
    if (limit === null || pulls <= limit) continue;
    throw new Failure(ExitCode.config, {
      what: "the plan takes more pulls than the hub's budget allows",
      seen: `up to ${pulls} pulls on ${lane.host}, ${limit} allowed for the ${identity}`,
      next: `take fewer --samples, or raise hub.${identity}Limit in pullproof.yaml`,
    });
  }
}
