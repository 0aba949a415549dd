import type Docker from "dockerode";
import type { Body, StoredImage } from "../model/evidence.ts";

/** The whole image store: what `docker images` lists, with each image's layers. */
export async function imageStore(docker: Docker): Promise<Body<"images">> {
  const listed = await docker.listImages();
  const images = await Promise.all(listed.map(({ Id }) => storedImage(docker, Id)));
  return { images: images.sort((a, b) => a.id.localeCompare(b.id)) };
}

async function storedImage(docker: Docker, id: string): Promise<StoredImage> {
  const image = await docker.getImage(id).inspect();
  return {
    id: image.Id,
    tags: (image.RepoTags ?? []).sort(),
    digests: (image.RepoDigests ?? []).sort(),
    layers: image.RootFS.Layers ?? [],
    bytes: image.Size,
  };
}
