import type Docker from "dockerode";
import { labels } from "./labels.ts";

/** How many objects of each kind were removed. */
export interface Removed {
  containers: number;
  networks: number;
  volumes: number;
  images: number;
}

/** The label that everything of pullproof carries. */
export const allOwned = `${labels.own}=true`;

/** The label that everything of one run carries. */
export const ownedBy = (run: string): string => `${labels.run}=${run}`;

/**
 * Removes every container, network, volume and image with a label of pullproof's from the engine, and nothing else.
 * The containers of one lab are spared, and its network of the same name, where one is named.
 */
export async function removeOwned(
  docker: Docker,
  label: string,
  spared: string | null = null,
): Promise<Removed> {
  const filters = { label: [label] };
  const containers = (await docker.listContainers({ all: true, filters })).filter(
    ({ HostConfig }) => HostConfig.NetworkMode !== spared,
  );
  await eachGone(containers, ({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }));
  const networks = (await docker.listNetworks({ filters })).filter(({ Name }) => Name !== spared);
  await eachGone(networks, ({ Id }) => docker.getNetwork(Id).remove());
  const { Volumes: volumes } = await docker.listVolumes({ filters });
  await eachGone(volumes, ({ Name }) => docker.getVolume(Name).remove({ force: true }));
  const images = await docker.listImages({ filters });
  await eachGone(images, ({ Id }) => docker.getImage(Id).remove({ force: true }));
  return {
    containers: containers.length,
    networks: networks.length,
    volumes: volumes.length,
    images: images.length,
  };
}

/**
 * One at a time. An object that somebody else removed meanwhile is as good as removed by us; one that another
 * of them still needs (an image with children) gets its turn in a later round.
 */
async function eachGone<T>(objects: readonly T[], remove: (object: T) => Promise<unknown>): Promise<void> {
  const needed: T[] = [];
  let conflict: unknown;
  for (const object of objects) {
    try {
      await remove(object);
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 409) {
        needed.push(object);
        conflict = error;
      } else if (statusCode !== 404) throw error;
    }
  }
  if (needed.length === 0) return;
  if (needed.length === objects.length) throw conflict;
  await eachGone(needed, remove);
}
