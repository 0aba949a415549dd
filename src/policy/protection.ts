import type { StoredImage } from "../model/evidence.ts";
import { parseReference } from "../model/reference.ts";
import { type ImageIndex, tagKey } from "./images.ts";
import { keepRule } from "./keep.ts";
import type { HostState, Rules, UseRecord } from "./model.ts";
import { isOpen, openPin } from "./pins.ts";

/** What it takes to tell whether an image is protected. */
export interface ProtectionContext {
  state: Pick<HostState, "containers" | "services">;
  rules: Pick<Rules, "keep" | "pinned">;
  record: Pick<UseRecord, "resolved" | "since">;
}

/**
 * Why images are protected, by ID; those that are not protected are missing. Age is another matter, and so are images
 * that a kept one is built on: see `decide`. Of many reasons the first in the order of this function is told.
 */
export function protections(index: ImageIndex, context: ProtectionContext): Map<string, string> {
  const { state, rules, record } = context;
  const reasons = new Map<string, string>();
  const protect = (images: Iterable<StoredImage>, reason: string) => {
    for (const { id } of images) if (!reasons.has(id)) reasons.set(id, reason);
  };
  // The reason that is told must not depend on the order in which the engine lists things.
  for (const { name, state: now, imageId, image } of byName(state.containers)) {
    protect([...index.exact(imageId), ...index.exact(image)], `used by the container ${name} (${now})`);
  }
  const services = byName(state.services);
  for (const { name, image } of services)
    protect(named(image, index, record), `named by the service ${name}`);
  for (const { name, previousImage } of services) {
    if (previousImage !== null)
      protect(named(previousImage, index, record), `named by the previous spec of the service ${name}`);
  }
  for (const rule of rules.keep) protect(index.that(keepRule(rule)), `kept by the rule ${rule}`);
  for (const { image, by } of rules.pinned) protect(pinned(image, index, record), `pinned by ${by}`);
  return reasons;
}

/**
 * Images that a reference may mean when it is resolved. A tag means the images that carry it and the digest that it
 * was last seen to resolve to; where none is known, or a gap since then may have hidden a newer one, every image of
 * the repository that carries no tag, because one of them may be it.
 */
function named(
  reference: string,
  index: ImageIndex,
  record: ProtectionContext["record"],
): readonly StoredImage[] {
  const parsed = parseReference(reference);
  const exact = index.exact(reference);
  if (parsed.digest !== null) return exact;
  const known = record.resolved[tagKey(parsed)];
  const digestKnown = known !== undefined && known.at >= record.since;
  return [...exact, ...(digestKnown ? index.digest(known.digest) : index.tagless(reference))];
}

function pinned(pin: string, index: ImageIndex, record: ProtectionContext["record"]): readonly StoredImage[] {
  if (!isOpen(pin)) return named(pin, index, record);
  return index.that(openPin(pin));
}

function byName<T extends { name: string }>(things: readonly T[]): T[] {
  return things.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
