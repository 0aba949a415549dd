import { createHash } from "node:crypto";
import { Agent, request } from "undici";
import * as z from "zod";
import type { Body } from "../model/evidence.ts";
import type { ImageVariant } from "../model/plan.ts";

/** The manifest formats that an engine pushes: Docker's schema 2 and its OCI twin. */
export const manifestTypes = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
];

const manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string(), size: z.number() })),
});

/** Reads from the registry what is stored under a tag: the manifest's digest, and the layers with their sizes. */
export async function storedImage(registrySocket: string, image: ImageVariant): Promise<Body<"published">> {
  const dispatcher = new Agent({ connect: { socketPath: registrySocket } });
  try {
    const path = `/v2/${image.repository}/manifests/${image.tag}`;
    const answer = await request(`http://registry${path}`, {
      dispatcher,
      headers: { accept: manifestTypes.join(", ") },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`the hub's registry answered ${answer.statusCode} to ${path}`);
    const { config, layers } = manifest.parse(JSON.parse(text));
    return {
      ...image,
      digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      config: config.digest,
      layers: layers.map((layer) => ({ digest: layer.digest, bytes: layer.size })),
    };
  } finally {
    await dispatcher.close();
  }
}
