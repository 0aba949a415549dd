import type { StoredImage } from "../model/evidence.ts";

/** A layer on top of all that are below it. */
export interface Layer {
  diff: string;
  /** What lies directly on it in any image, by diff ID. */
  above: Map<string, Layer>;
}

/**
 * The layers of some images as an engine stores them: what lies on disk is a diff on top of all diffs below it
 * (the chain ID of the OCI image specification), so two images share a layer only if they share all below it too.
 */
export class LayerTree {
  readonly #stacks = new Map<string, readonly Layer[]>();

  constructor(images: readonly StoredImage[]) {
    const bottoms: Layer["above"] = new Map();
    for (const { id, layers } of images) {
      let above = bottoms;
      const stack = layers.map((diff) => {
        const layer = above.get(diff) ?? { diff, above: new Map() };
        above.set(diff, layer);
        above = layer.above;
        return layer;
      });
      this.#stacks.set(id, stack);
    }
  }

  /** The layers of an image, bottom first: the same objects for each image that has them. */
  of(image: StoredImage): readonly Layer[] {
    return this.#stacks.get(image.id) ?? [];
  }
}
