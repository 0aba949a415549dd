import { createHash } from "node:crypto";
import type { Answer } from "./answer.ts";
import type { Target } from "./target.ts";

/**
 * The repository that Docker's documentation gives for reading one's limits
 * (docs.docker.com/docker-hub/usage/pulls).
 */
const REPOSITORY = "ratelimitpreview/test";

/** Content that nobody pulls: the manifest is there to carry headers. */
const emptyDigest = digestOf(Buffer.from("{}"));
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    config: { mediaType: "application/vnd.docker.container.image.v1+json", size: 2, digest: emptyDigest },
    layers: [],
  }),
);
const digest = digestOf(manifest);

/**
 * The answer to a request for `ratelimitpreview/test:latest`, which no upstream holds; undefined for any
 * other.
 */
export function previewManifest(target: Target): Answer | undefined {
  if (target.repository !== REPOSITORY) return undefined;
  if (target.reference !== "latest" && target.reference !== digest) return undefined;
  return {
    status: 200,
    headers: {
      "content-type": "application/vnd.docker.distribution.manifest.v2+json",
      "content-length": String(manifest.length),
      "docker-content-digest": digest,
      etag: `"${digest}"`,
    },
    body: manifest,
    cut: null,
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
