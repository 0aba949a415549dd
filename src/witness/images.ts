import type Docker from "dockerode";
import type { Body, StoredImage } from "../model/evidence.ts";
import { nullIfMissing } from "../not-found.ts";

/** How many images are inspected at a time: enough to keep an engine busy, few enough to hold little of each. */
const atOnce = 8;

/** The whole image store: what `docker images` lists, with each image's layers. */
export async function imageStore(docker: Docker): Promise<Body<"images">> {
  return { images: await new ImageStore(docker).look() };
}

/**
 * An image store that is looked at again and again. An image is inspected anew only when the list of images
 * shows it under other names than before; its layers and its size belong to its ID and cannot change.
 */
export class ImageStore {
  readonly #docker: Docker;
  #known = new Map<string, { listed: string; image: StoredImage }>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Every image, ordered by ID. One that goes while we look is left out. */
  async look(): Promise<StoredImage[]> {
    const before = this.#known;
    // containerd's store has listed an image once for each of its names.
    const listed = new Map<string, string>();
    for (const { Id, RepoTags, RepoDigests } of await this.#docker.listImages()) {
      listed.set(Id, `${listed.get(Id) ?? ""}${JSON.stringify([RepoTags, RepoDigests])}`);
    }
    const now: typeof before = new Map();
    const queue = listed.entries();
    const inspect = async () => {
      for (const [id, names] of queue) {
        const known = before.get(id);
        const image = known?.listed === names ? known.image : await inspectImage(this.#docker, id);
        if (image !== null) now.set(id, { listed: names, image });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, inspect));
    this.#known = now;
    return [...now.values()].map(({ image }) => image).sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** One image by its ID or a name; null when there is none. */
export async function inspectImage(docker: Docker, name: string): Promise<StoredImage | null> {
  const image = await nullIfMissing(docker.getImage(name).inspect());
  if (image === null) return null;
  // 26.1's containerd store lists what a swarm pulled under a tag that carries its digest, and under no digest.
  const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])];
  const [tags, digests] = [
    names.filter((name) => !name.includes("@")),
    names.filter((name) => name.includes("@")),
  ];
  return {
    id: image.Id,
    tags: tags.sort(),
    digests: digests.sort(),
    layers: image.RootFS.Layers ?? [],
    bytes: image.Size,
  };
}
