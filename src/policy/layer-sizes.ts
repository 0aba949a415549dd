import type Docker from "dockerode";
import type { StoredImage } from "../model/evidence.ts";
import { nullIfMissing } from "../not-found.ts";

/**
 * Bytes of the layers of some images, by diff ID, as the engine's history of each tells them. They serve an
 * estimate: what a removal really freed is measured on the disk. An image that is gone meanwhile is left out.
 */
export async function layerSizes(
  docker: Docker,
  images: readonly StoredImage[],
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const image of images) {
    const history = await historyOf(docker, image.id);
    for (const [layer, bytes] of history === null ? [] : assign(image, history)) sizes.set(layer, bytes);
  }
  return sizes;
}

/** Bytes of an image's steps, oldest first; null when there is no such image any more. */
async function historyOf(docker: Docker, id: string): Promise<number[] | null> {
  const steps: { Size: number }[] | null = await nullIfMissing(docker.getImage(id).history());
  return steps?.map(({ Size }) => Size).reverse() ?? null;
}

/**
 * Which layer has which size. The history also holds steps that made no layer, and tells them from layers without
 * a byte by nothing: so the steps that have bytes go to the layers from the bottom up, and what the image has
 * beyond them goes to the layers that are left, which a build without a history leaves at the top.
 */
function assign({ layers, bytes }: StoredImage, history: readonly number[]): [string, number][] {
  const steps = history.length === layers.length ? history : history.filter((size) => size > 0);
  const told = steps.reduce((sum, size) => sum + size, 0);
  return layers.map((layer, index) => {
    const left = index === layers.length - 1 ? Math.max(0, bytes - told) : 0;
    return [layer, steps[index] ?? left];
  });
}
