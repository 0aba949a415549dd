import type { StoredImage } from "../model/evidence.ts";
import { parseReference, type Reference } from "../model/reference.ts";

/**
 * Whether an image has no name at all, as a build leaves it that took the name for its successor. One that has a
 * digest and no tag is a cached image: that is what a swarm's pull leaves on graphdriver.
 */
export function isDangling(image: StoredImage): boolean {
  return image.tags.length === 0 && image.digests.length === 0;
}

/** `library/nginx:latest`: how tags are compared, and the keys of UseRecord.resolved. */
export function tagKey({ repository, tag }: Reference): string {
  return `${repository}:${tag ?? "latest"}`;
}

/** The names of one image. */
export interface Names {
  image: StoredImage;
  /** Parsed tags. */
  tags: readonly Reference[];
  /** Parsed digests. On the containerd store of 26.1 they also hold the tag by which swarm came to the digest. */
  digests: readonly Reference[];
}

/** Reads the names of an image. */
export function namesOf(image: StoredImage): Names {
  return { image, tags: image.tags.map(parseReference), digests: image.digests.map(parseReference) };
}

/** Finds images by whatever the engine calls them. */
export class ImageIndex {
  readonly #names: readonly Names[];
  readonly #byId = new Map<string, StoredImage[]>();
  readonly #byTag = new Map<string, StoredImage[]>();
  readonly #byDigest = new Map<string, StoredImage[]>();
  readonly #byRepository = new Map<string, StoredImage[]>();
  readonly #tagless = new Map<string, StoredImage[]>();

  constructor(images: readonly StoredImage[]) {
    this.#names = images.map(namesOf);
    for (const { image, tags, digests } of this.#names) {
      const tagged = new Set(tags.map(({ repository }) => repository));
      const repositories = new Set([...tagged, ...digests.map(({ repository }) => repository)]);
      add(this.#byId, image.id, image);
      // On the containerd store the ID is the digest of the manifest.
      add(this.#byDigest, image.id, image);
      for (const { digest } of digests) if (digest !== null) add(this.#byDigest, digest, image);
      for (const tag of tags) add(this.#byTag, tagKey(tag), image);
      for (const repository of repositories) {
        add(this.#byRepository, repository, image);
        if (!tagged.has(repository)) add(this.#tagless, repository, image);
      }
    }
  }

  /**
   * Images that an ID or a reference names exactly: by ID, by digest, or by a tag that they carry now. A text that
   * is no tag's name is tried as the beginning of an ID, as the engine does.
   */
  exact(text: string): StoredImage[] {
    const byId = this.#byId.get(text);
    if (byId !== undefined) return byId;
    const reference = parseReference(text);
    const found = [
      ...(reference.digest === null ? [] : this.digest(reference.digest)),
      ...(reference.digest !== null && reference.tag === null
        ? []
        : (this.#byTag.get(tagKey(reference)) ?? [])),
    ];
    return found.length > 0 ? found : this.#beginning(text);
  }

  /** Images whose names pass a test. */
  that(passes: (names: Names) => boolean): StoredImage[] {
    return this.#names.filter(passes).map(({ image }) => image);
  }

  /** Images that have a digest, in whatever repository: the content is the same. */
  digest(digest: string): readonly StoredImage[] {
    return this.#byDigest.get(digest) ?? [];
  }

  /** Images of the repository that a reference names. */
  repository(text: string): readonly StoredImage[] {
    return this.#byRepository.get(parseReference(text).repository) ?? [];
  }

  /** Those of them that carry no tag of that repository. */
  tagless(text: string): readonly StoredImage[] {
    return this.#tagless.get(parseReference(text).repository) ?? [];
  }

  #beginning(text: string): StoredImage[] {
    const [, hex] = /^(?:sha256:)?([0-9a-f]+)$/.exec(text) ?? [];
    if (hex === undefined) return [];
    return this.#names.map(({ image }) => image).filter(({ id }) => id.startsWith(`sha256:${hex}`));
  }
}

function add(map: Map<string, StoredImage[]>, key: string, image: StoredImage): void {
  const images = map.get(key);
  if (images === undefined) map.set(key, [image]);
  else if (images.at(-1) !== image) images.push(image);
}
