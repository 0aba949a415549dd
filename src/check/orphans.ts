import type { EntryOf, StoredImage } from "../model/evidence.ts";
import { oldAfterDays } from "../model/pressure.ts";
import { parseReference, sameTag } from "../model/reference.ts";
import { endedOk, type History, publishedAs, type StepHistory } from "./history.ts";
import { count } from "./units.ts";

/** What a prune run may do with one image of the store that it found. */
export interface Standing {
  image: StoredImage;
  /** Why it must stay; null for an old orphan, which may go under pressure. */
  keptBy: string | null;
  dangling: boolean;
  /** When it was last used, for putting images in order: later is greater. */
  lastUse: number;
}

/**
 * Where each image of the store stood right before a step, from what the witnesses saw: independently of any
 * policy's own record. Null where the store, what uses it, or what the host's recipe pins is not known. Days are
 * those that the plan lets pass; what really passes during a run is minutes.
 */
export function standings(history: History, step: StepHistory): Standing[] | null {
  const { images, uses } = step.before;
  const pins = pinsOf(history, step);
  if (images === undefined || uses === undefined || pins === null) return null;
  const { day: today, lastUse } = usesUntil(history, step);
  const found = images.data.images.map((image): Standing => {
    const last = lastUse(image);
    const days = last === null ? 0 : today - last.day;
    return {
      image,
      keptBy:
        useOf(image, uses) ??
        baseOf(history, image) ??
        pins.find(({ names }) => names(image))?.reason ??
        (days < oldAfterDays ? `used ${count(days, "day")} ago` : null),
      dangling: image.tags.length === 0 && image.digests.length === 0,
      lastUse: last?.seq ?? Number.POSITIVE_INFINITY,
    };
  });
  const kept = found.filter(({ keptBy }) => keptBy !== null);
  return found.map((standing) => {
    const above = kept.find(({ image }) => isBaseOf(standing.image, image));
    return standing.keptBy === null && above !== undefined
      ? { ...standing, keptBy: "the base of an image that stays" }
      : standing;
  });
}

/** Used by a container in any state, or named by a service's spec or previous spec. */
function useOf(image: StoredImage, { data }: EntryOf<"uses">): string | null {
  const container = data.containers.find(({ imageId }) => imageId === image.id);
  if (container !== undefined) return `used by the ${container.state} container ${container.name}`;
  for (const service of data.services) {
    if (names(image, service.image)) return `named by the service ${service.name}`;
    if (service.previousImage !== null && names(image, service.previousImage))
      return `named by the previous spec of the service ${service.name}`;
  }
  return null;
}

function baseOf(history: History, image: StoredImage): string | null {
  const { baseImages } = history.run.data;
  return baseImages.some((base) => image.tags.some((tag) => sameTag(tag, base))) ? "a base image" : null;
}

/** What the recipe of a step's host pins: its tags, and what they resolve to at the hub. Null where that is unknown. */
function pinsOf(
  history: History,
  step: StepHistory,
): { reason: string; names(image: StoredImage): boolean }[] | null {
  const environment = history.environments.find(({ host }) => host === step.host);
  if (environment === undefined) return null;
  const pins = Object.values(environment.data.recipeImages ?? history.run.data.recipe.images).map((name) => ({
    name,
    published: history.published.findLast(
      ({ host, seq, data }) =>
        host === step.host && seq < step.invoke.seq && sameTag(`${data.repository}:${data.tag}`, name),
    ),
  }));
  if (pins.some(({ published }) => published === undefined)) return null;
  return pins.map(({ name, published }) => ({
    reason: `pinned by the recipe (${name})`,
    names: (image) =>
      image.tags.some((tag) => sameTag(tag, name)) || hasDigest(image, published?.data.digest ?? ""),
  }));
}

/** Whether a reference names the image: by its digest where it has one, else by its tag. */
function names(image: StoredImage, reference: string): boolean {
  const { digest } = parseReference(reference);
  return digest === null ? image.tags.some((tag) => sameTag(tag, reference)) : hasDigest(image, digest);
}

const hasDigest = (image: StoredImage, digest: string): boolean =>
  image.id === digest || image.digests.some((name) => name.endsWith(`@${digest}`));

/** Whether all layers of one image are the lowest layers of another. */
export function isBaseOf(base: StoredImage, image: StoredImage): boolean {
  return (
    base.id !== image.id &&
    base.layers.length > 0 &&
    base.layers.length < image.layers.length &&
    base.layers.every((layer, index) => image.layers[index] === layer)
  );
}

/** A moment of a host: the day, as the plan lets days pass, and the step. */
interface Moment {
  day: number;
  seq: number;
}

/**
 * The day on which a step begins, and when each image was last used before it on its host. Where the store or its
 * uses were not seen, anything may have been used: nothing counts as older than that.
 */
function usesUntil(
  history: History,
  until: StepHistory,
): { day: number; lastUse(image: StoredImage): Moment | null } {
  const uses = new Map<string, Moment>();
  let blind: Moment | null = null;
  let day = 0;
  const earlier = history.timeline.filter(
    (step) => step.host === until.host && step.invoke.seq < until.invoke.seq,
  );
  for (const step of earlier) {
    const { images, uses: seen } = step.after;
    const had = new Set(step.before.images?.data.images.map(({ id }) => id));
    const { seq } = step.invoke;
    for (const image of images?.data.images ?? []) {
      if (!had.has(image.id) || touches(history, step, image)) uses.set(image.id, { day, seq });
    }
    // What is in use at the end of the step was used before the days, and is after them.
    if (step.plan.do === "age" && endedOk(step)) day += step.plan.days;
    if (images === undefined || seen === undefined) blind = { day, seq };
    else
      for (const image of images.data.images) {
        if (useOf(image, seen) !== null) uses.set(image.id, { day, seq });
      }
  }
  return {
    day,
    lastUse: (image) => {
      const known = uses.get(image.id) ?? null;
      return blind === null || (known !== null && known.seq > blind.seq) ? known : blind;
    },
  };
}

/** Whether a step used an image, by its plan or by what it ended with. */
function touches(history: History, step: StepHistory, image: StoredImage): boolean {
  const { plan, outcome } = step;
  if (outcome?.data.services.some(({ imageId }) => imageId === image.id)) return true;
  if (plan.do === "pull") return image.tags.some((tag) => sameTag(tag, plan.image));
  const variant = plan.do === "pull-variant" ? plan.image : plan.do === "prune" ? plan.pulls : null;
  const published = variant === null ? undefined : publishedAs(history, step, variant);
  return published !== undefined && hasDigest(image, published.data.digest);
}
