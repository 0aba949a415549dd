import type { EntryOf, StoredImage } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { parseReference, shortDigest } from "../model/reference.ts";
import { type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type History, type StepHistory, sequence } from "./history.ts";
import { count, list } from "./units.ts";

/** What an image store no longer has. */
export interface Loss {
  /** Images that are gone, by their best name. */
  images: string[];
  /** `repository@digest` names that are gone, although an image they belonged to may remain. */
  digests: string[];
  tags: string[];
  layers: string[];
}

/** Compares two states of an image store. */
export function loss(before: EntryOf<"images">, after: EntryOf<"images">): Loss {
  const [had, has] = [before.data.images, after.data.images];
  const ids = new Set(has.map(({ id }) => id));
  return {
    images: had.filter(({ id }) => !ids.has(id)).map(nameOf),
    digests: missing(had, has, (image) => image.digests),
    tags: missing(had, has, (image) => image.tags),
    layers: missing(had, has, (image) => image.layers),
  };
}

function missing(
  had: readonly StoredImage[],
  has: readonly StoredImage[],
  names: (image: StoredImage) => readonly string[],
): string[] {
  const left = new Set(has.flatMap(names));
  return [...new Set(had.flatMap(names))].filter((name) => !left.has(name));
}

/** A tag, else a digest, else the ID. */
export function nameOf(image: StoredImage): string {
  return shortDigest(image.tags[0] ?? image.digests[0] ?? image.id);
}

/** Whether a step kept every image, by ID, by digest and by layer. Tags are another matter: see PC1.1. */
export function retention(step: StepHistory): Finding {
  const { before, after, plan } = step;
  if (before.images === undefined || after.images === undefined) {
    return inconclusive(
      `the image store was not seen on both sides of ${plan.id}`,
      sequence(step.invoke),
      lookAgain,
    );
  }
  const evidence = sequence(step.invoke, before.images, step.outcome, after.images);
  const { images, digests, layers } = loss(before.images, after.images);
  if (images.length > 0) {
    return fail(
      `${plan.id} removed ${images.length} of ${count(before.images.data.images.length, "image")} (${list(images)})`,
      evidence,
      removalRemedy(plan),
    );
  }
  if (digests.length > 0 || layers.length > 0) {
    const what =
      digests.length > 0 ? `the names ${list(digests.map(shortDigest))}` : count(layers.length, "layer");
    return fail(`${plan.id} removed ${what}`, evidence, removalRemedy(plan));
  }
  return pass(`${plan.id} kept ${count(before.images.data.images.length, "image")}`, evidence);
}

/** How many layers of the images that run after a step were not in the store before it; null when unknown. */
export function storeSays(step: StepHistory): { missing: number | null; says: string; evidence: number[] } {
  const { before, after, outcome } = step;
  const evidence = sequence(before.images, outcome, after.images);
  const running = outcome?.data.services.map(({ imageId }) => imageId) ?? [];
  const images = running.map((id) => after.images?.data.images.find((image) => image.id === id));
  if (before.images === undefined || images.length === 0 || images.includes(undefined))
    return { missing: null, says: "the image store does not tell which layers were needed", evidence };
  const had = new Set(before.images.data.images.flatMap(({ layers }) => layers));
  const needed = new Set(images.flatMap((image) => image?.layers ?? []));
  const missing = [...needed].filter((layer) => !had.has(layer)).length;
  const says =
    missing === 0
      ? `all ${count(needed.size, "needed layer")} were in the store before`
      : `${missing} of ${count(needed.size, "needed layer")} were not in the store before`;
  return { missing, says, evidence };
}

/** Layers that an image store gained in a step. */
export interface Arrivals {
  /** New layers of the images that the recipe names. */
  layers: number;
  /** Their compressed size, as the registry has them. */
  bytes: number;
  /** New layers of anything else, whoever wanted it. */
  others: number;
}

/** What an image store gained; null when it was not seen, or an image of the recipe is not known from its registry. */
export function arrivals(history: History, step: StepHistory): Arrivals | null {
  const { before, after, host } = step;
  if (before.images === undefined || after.images === undefined) return null;
  const published = history.published.filter((entry) => entry.host === host).map(({ data }) => data);
  const known = new Set(published.map(({ repository }) => parseReference(repository).repository));
  if (!recipeImages(history, host).every((image) => known.has(parseReference(image).repository))) return null;
  const had = new Set(before.images.data.images.flatMap(({ layers }) => layers));
  const own = new Map<string, number>();
  const others = new Set<string>();
  for (const image of after.images.data.images) {
    const found = published.find(({ digest }) => image.digests.some((name) => name.endsWith(`@${digest}`)));
    for (const [index, layer] of image.layers.entries()) {
      if (had.has(layer)) continue;
      const size = found?.layers[index]?.bytes;
      if (size === undefined) others.add(layer);
      else own.set(layer, size);
    }
  }
  const bytes = [...own.values()].reduce((sum, size) => sum + size, 0);
  return { layers: own.size, bytes, others: [...others].filter((layer) => !own.has(layer)).length };
}

/** Image references of the recipe that is deployed on a host. */
function recipeImages({ environments, run }: History, host: string | null): string[] {
  const own = environments.find((environment) => environment.host === host)?.data.recipeImages;
  return Object.values(own ?? run.data.recipe.images);
}

/** What keeps images from being removed by a step of this kind. */
export function removalRemedy(plan: Step): string {
  switch (plan.do) {
    case "prune":
      return "prune with the reference policy, which removes nothing without disk pressure; or pull by tag before deploying, which keeps images from plain `docker image prune`, though not from `-a`";
    case "teardown":
      return "remove services, networks, volumes, secrets and configs at teardown, and no image";
    default:
      return "find out what removed the images: the image events around this step name the moment";
  }
}
