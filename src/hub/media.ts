import * as z from "zod";
import type { Media } from "./ledger.ts";

const descriptor = z.object({ digest: z.string(), mediaType: z.string().optional() });
const document = z.object({
  config: descriptor.optional(),
  layers: z.array(descriptor).default([]),
  manifests: z.array(descriptor).default([]),
});

const kinds: Readonly<Record<string, "index" | "manifest">> = {
  "application/vnd.oci.image.index.v1+json": "index",
  "application/vnd.docker.distribution.manifest.list.v2+json": "index",
  "application/vnd.oci.image.manifest.v1+json": "manifest",
  "application/vnd.docker.distribution.manifest.v2+json": "manifest",
};

/**
 * What a manifest endpoint's content type says: an index, a manifest, or something that this hub cannot name.
 */
export function kindOf(contentType: string | undefined): "index" | "manifest" | "unknown" {
  return kinds[contentType?.split(";")[0]?.trim() ?? ""] ?? "unknown";
}

/** Which digest is which, as told by the manifests that passed by. Nothing is ever forgotten. */
export class MediaIndex {
  readonly #known = new Map<string, Media>();

  /** Reads an index or a manifest (OCI image spec, Docker schema 2). Anything else teaches nothing. */
  learn(manifest: Uint8Array): void {
    const parsed = document.safeParse(parseJson(manifest));
    if (!parsed.success) return;
    const { config, layers, manifests } = parsed.data;
    for (const each of manifests) this.#known.set(each.digest, kindOf(each.mediaType));
    if (config !== undefined && this.#known.get(config.digest) !== "layer")
      this.#known.set(config.digest, "config");
    // A digest that is both is called a layer: to overlook a layer's bytes is the worse mistake.
    for (const each of layers) this.#known.set(each.digest, "layer");
  }

  /** The kind of a digest's content; `unknown` when no manifest named it yet. */
  of(digest: string): Media {
    return this.#known.get(digest) ?? "unknown";
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
