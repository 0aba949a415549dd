import { join } from "node:path";
import type { SuiteSettings } from "../../suites/settings.ts";
import { namedPolicy, readPolicy } from "../config/policies.ts";
import type { Settings } from "../config/settings.ts";
import type { Deployer } from "../deploy/deployer.ts";
import type { Recipe } from "../deploy/recipe.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { ImageVariant, Scenario, Step } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";

/** The image that an operator pulled by tag: what the fixture's images are built on. */
export const baseImage = "pullproof/base:1.0.0";

/** How long abra waits for a recipe that names no TIMEOUT, in seconds. */
const abraTimeout = 300;

/** What the suites have to know, from the settings of a run. */
export function suiteSettings(settings: Settings, recipe: Recipe, deployer: Deployer): SuiteSettings {
  const [first = ""] = Object.keys(recipe.images);
  // Every abra recipe calls its main service `app`.
  const service = "app" in recipe.images ? "app" : first;
  return {
    imageStore: settings.imageStore,
    registryAuth: settings.registryAuth,
    choosesAuth: deployer.choosesAuth,
    prepull: settings.prepull,
    samples: settings.samples,
    policy: readPolicy(settings.prune),
    controls: { danglingOnly: namedPolicy("image-prune-f"), everyUnused: namedPolicy("image-prune-af") },
    baseImage,
    changing: { service, image: imageVariant(recipe.images[service] ?? "") },
    timeoutSeconds: timeoutOf(recipe),
  };
}

/** Throws a Failure (bad configuration) for a TIMEOUT with which a wait would never end, or never begin. */
function timeoutOf({ folder, env }: Recipe): number {
  // Empty is unset: `${TIMEOUT:-300}`, as recipes write it.
  const seconds = Number(env.TIMEOUT || abraTimeout);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new Failure(ExitCode.config, {
    what: "the recipe's TIMEOUT is not a number of seconds",
    seen: `${join(folder, ".env.sample")}: TIMEOUT=${env.TIMEOUT}`,
    next: "set it to a number above 0, or leave it out",
  });
}

/**
 * What a hub offers when a run begins: the base image, the recipe's, and all that the scenarios name and do not
 * publish themselves.
 */
export function initialImages(recipe: Recipe, scenarios: readonly Scenario[]): ImageVariant[] {
  const steps = scenarios.flatMap((scenario) => scenario.steps);
  const later = steps.flatMap((step) => (step.do === "publish" ? [keyOf(step.image)] : []));
  const images = [
    ...[baseImage, ...Object.values(recipe.images)].map(imageVariant),
    ...steps.flatMap(imagesNamed),
  ].map((image) => [keyOf(image), image] as const);
  return [...new Map(images)].filter(([key]) => !later.includes(key)).map(([, image]) => image);
}

function imagesNamed(step: Step): ImageVariant[] {
  switch (step.do) {
    case "deploy":
      return Object.values(step.images).map(({ pin, ...image }) => image);
    case "pull-variant":
    case "create-container":
    case "fault":
      return [step.image];
    case "interrupt":
      return [step.pulls];
    case "prune":
      return step.pulls === null ? [] : [step.pulls];
    default:
      return [];
  }
}

const keyOf = ({ repository, tag, variant }: ImageVariant) => JSON.stringify([repository, tag, variant]);

/** The image that a reference names, as the hub offers it from the start. */
export function imageVariant(reference: string): ImageVariant {
  const { repository, tag } = parseReference(reference);
  return { repository, tag: tag ?? "latest", variant: "a" };
}
