import type { StoredImage } from "../model/evidence.ts";
import { type Layer, LayerTree } from "./layers.ts";

/**
 * About how many bytes the removal of each image frees, by its ID, when they go in this order: the layers that no
 * image holds any more once it is gone.
 */
export function freedByEach(
  order: readonly string[],
  images: readonly StoredImage[],
  layerBytes: ReadonlyMap<string, number>,
  tree: LayerTree = new LayerTree(images),
): Map<string, number> {
  const byId = new Map(images.map((image) => [image.id, image]));
  /** In how many images that are left a layer is. */
  const holders = new Map<Layer, number>();
  for (const image of images)
    for (const layer of tree.of(image)) holders.set(layer, (holders.get(layer) ?? 0) + 1);
  return new Map(
    order.map((id) => {
      const image = byId.get(id);
      let freed = 0;
      for (const layer of image === undefined ? [] : tree.of(image)) {
        const left = (holders.get(layer) ?? 0) - 1;
        holders.set(layer, left);
        if (left === 0) freed += layerBytes.get(layer.diff) ?? 0;
      }
      return [id, freed];
    }),
  );
}
