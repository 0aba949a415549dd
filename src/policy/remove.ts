import type Docker from "dockerode";
import type { StoredImage } from "../model/evidence.ts";
import { parseReference } from "../model/reference.ts";
import { engineWords } from "./engine.ts";

/**
 * Removes an image, never forced. Returns null when it is gone, or in the engine's words why it is not. Throws
 * what is neither: an engine that went away, or one that failed.
 */
export async function removeImage(docker: Docker, image: StoredImage): Promise<string | null> {
  const removed: string[] = [];
  for (const name of namesToRemove(image)) {
    try {
      // Parents that have no name go with it. They are steps of its build, which no list of images shows.
      await docker.getImage(name).remove();
      removed.push(name);
    } catch (thrown) {
      const { statusCode } = thrown as { statusCode?: number };
      // A digest goes by itself with the last tag of its repository.
      if (statusCode === 404 && removed.length > 0) continue;
      if (statusCode !== 404 && statusCode !== 409) throw thrown;
      const already = removed.length > 0 ? ` (it has lost the names ${removed.join(", ")})` : "";
      return `the engine says: ${engineWords(thrown)}${already}`;
    }
  }
  return null;
}

/**
 * An engine removes an image by its ID, unforced, only when all its names are of one repository and at most one
 * of them is a tag (moby: daemon/images/image_delete.go, isSingleReference). Any other loses its names one by one,
 * and goes with the last.
 */
function namesToRemove({ id, tags, digests }: StoredImage): string[] {
  const repositories = new Set([...tags, ...digests].map((name) => parseReference(name).repository));
  return repositories.size <= 1 && tags.length <= 1 ? [id] : [...tags, ...digests];
}
