import { randomBytes } from "node:crypto";
import type { RegistryDouble } from "./registry-double.ts";

export const manifestType = "application/vnd.docker.distribution.manifest.v2+json";
export const indexType = "application/vnd.oci.image.index.v1+json";

export interface TestImage {
  repository: string;
  tag: string;
  digest: string;
  manifest: Buffer;
  config: string;
  layer: string;
  layerBytes: Buffer;
}

/** Puts an image of one layer of random bytes into the double. */
export function putImage(
  registry: RegistryDouble,
  repository = "library/fx",
  tag = "1",
  size = 200_000,
): TestImage {
  const layerBytes = randomBytes(size);
  const configBytes = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux" }));
  const layer = registry.blob(repository, layerBytes);
  const config = registry.blob(repository, configBytes);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        digest: config,
        size: configBytes.length,
      },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
          digest: layer,
          size: layerBytes.length,
        },
      ],
    }),
  );
  const digest = registry.manifest(repository, tag, manifestType, manifest);
  return { repository, tag, digest, manifest, config, layer, layerBytes };
}
