import type { ActivityName } from "../../src/model/plan.ts";
import type { KnownImage, Protection } from "./simulated-host.ts";

/** What a simulated prune command finds, and what it can do. */
export interface PruneScene {
  /** What goes on at the host; null at rest. */
  during: ActivityName | null;
  share(): number;
  images(): KnownImage[];
  remove(id: string): void;
  /** Takes all names of an image, and leaves the image. */
  untag(id: string): void;
  /** Pulls an image that was removed, as it was. */
  pullAgain(image: KnownImage): void;
}

/** A prune command: what it does, and the code with which it ends. */
export type SimulatedPrune = (scene: PruneScene) => number;

/** What tells one prune command from another. */
export interface Habits {
  /** Used share from which it does anything. */
  from: number;
  /** What keeps it from doing anything. */
  heeds: readonly (ActivityName | null)[];
  /** What it removes although that must stay. */
  takes: readonly Protection[];
  /** Puts candidates in order: the first one goes first. */
  order: (one: KnownImage, other: KnownImage) => number;
  /** Whether it has freed enough; asked before every removal. */
  enough: (scene: PruneScene, removed: number) => boolean;
  /** The code with which it ends, by whether old orphans sufficed. */
  says: (sufficed: boolean) => number;
  /** What it does beside. */
  also: (scene: PruneScene) => void;
}

const byUse = (one: KnownImage, other: KnownImage) =>
  Number(other.dangling) - Number(one.dangling) || one.lastUse - other.lastUse;
const low = 0.7;

/** A prune command that does all as the claims ask for, but for the given habits. */
export function prunes(habits: Partial<Habits> = {}): SimulatedPrune {
  const { from, heeds, takes, order, enough, says, also }: Habits = {
    from: 0.8,
    heeds: ["lock", "pull", "convergence"],
    takes: [],
    order: byUse,
    enough: (scene) => scene.share() < low,
    says: (sufficed) => (sufficed ? 0 : 1),
    also: () => {},
    ...habits,
  };
  return (scene) => {
    if (heeds.includes(scene.during)) return 75;
    if (scene.share() < from) return 0;
    also(scene);
    const may = scene
      .images()
      .filter(({ protection }) => protection === null || takes.includes(protection))
      .sort(order);
    let removed = 0;
    for (const { image } of may) {
      if (enough(scene, removed)) break;
      scene.remove(image.id);
      removed += 1;
    }
    return says(scene.share() < low);
  };
}

const unused: readonly Protection[] = ["previous", "kept", "pinned", "fresh", "below"];

/** `docker image prune -af`: all that no container uses. */
export const removeUnused = prunes({
  from: 0,
  heeds: [],
  takes: unused,
  enough: () => false,
  says: () => 0,
});

/** `docker image prune -f`: all that no container uses and that has no tag. */
export const removeUntagged: SimulatedPrune = (scene) => {
  for (const { image, protection } of scene.images())
    if (image.tags.length === 0 && (protection === null || unused.includes(protection)))
      scene.remove(image.id);
  return 0;
};

/** Prune commands by their text. */
export const knownPrunes: Record<string, SimulatedPrune> = {
  "pullproof prune --apply": prunes(),
  "docker image prune -f": removeUntagged,
  "docker image prune -af": removeUnused,
};
