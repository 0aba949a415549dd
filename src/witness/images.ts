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
