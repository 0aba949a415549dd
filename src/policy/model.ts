import type { StoredImage } from "../model/evidence.ts";
import type { FileSystem } from "../model/pressure.ts";
import type { Marks } from "./marks.ts";

/** Everything that the policy looks at on a host, at one moment. Times are milliseconds since the epoch. */
export interface HostState {
  images: readonly StoredImage[];
  containers: readonly HostContainer[];
  services: readonly HostService[];
  /** Tasks between assignment and running, as `name.slot (state)`. */
  tasksUnderway: readonly string[];
  /** Files below the data root that show that a pull is in flight. */
  pulls: readonly string[];
  disk: FileSystem;
}

export interface HostContainer {
  id: string;
  name: string;
  /** As the engine calls it: created, running, exited … */
  state: string;
  imageId: string;
  /** The reference that it was made from, where the engine tells one. */
  image: string;
  /** Whether swarm made it for a task: swarm removes those itself. */
  task: boolean;
}

export interface HostService {
  name: string;
  /** The reference in its spec, with the digest where it was resolved. */
  image: string;
  /** The reference in its previous spec, to which a rollback returns; null where there is none. */
  previousImage: string | null;
  desired: number;
  running: number;
}

/** What the operator of a host has decided. */
export interface Rules {
  marks: Marks;
  /** An image that was used less than so many milliseconds ago stays. */
  minAgeMs: number;
  /** Globs on the names of images: see keep.ts. */
  keep: readonly string[];
  pinned: readonly Pin[];
}

/** An image that a recipe or another compose file names. */
export interface Pin {
  /** A reference in which `*` stands for what is not known: see pins.ts. */
  image: string;
  /** The file that names it. */
  by: string;
}

/** What is known about the use of one image. */
export interface ImageUse {
  firstSeen: number;
  lastUse: number;
}

/** Our own record of use, which the engine does not keep (moby/moby#4237): the content of the state file. */
export interface UseRecord {
  version: 1;
  /** ID of the engine that it is about. */
  engine: string;
  /** Since when every use has been seen. Before it there was a gap, so no use counts as older. */
  since: number;
  /** Up to when uses have been folded in. */
  until: number;
  /** By image ID. */
  images: Record<string, ImageUse>;
  /**
   * The digest that each `repository:tag` was last seen to resolve to. The repository is written out, as
   * parseReference has it: `library/nginx:1`.
   */
  resolved: Record<string, { digest: string; at: number }>;
}

/** An engine event that shows the use of an image. */
export interface UseEvent {
  at: number;
  /** An image ID, or a reference: `nginx:1`, `nginx@sha256:…`, `nginx:1@sha256:…`. */
  image: string;
}

/** One image, and what the plan does with it. */
export interface Decision {
  image: StoredImage;
  /** `spare`: it might go, but nothing (more) has to be freed. */
  does: "remove" | "spare" | "keep";
  /** In a few words that an operator understands without knowing the code; ages are as of the plan's moment. */
  reason: string;
  /** Without a record, this moment. */
  lastUse: number;
}

/** What a prune run would do. */
export interface PrunePlan {
  decisions: Decision[];
  /**
   * IDs of the images that may go, in the order in which they go: those to remove, then the spare ones, which
   * go only if the others free less than was estimated. Without pressure, or while the host is busy, none goes.
   */
  order: string[];
  disk: FileSystem;
  /** About how many bytes each image frees that is removed, by ID: its layers that no image holds any more then. */
  frees: ReadonlyMap<string, number>;
  /** The sum of those. */
  freedBytes: number;
  /** Whether the disk is at or above the high mark. */
  pressure: boolean;
  /**
   * Whether the plan brings the disk below the low mark, as far as that can be estimated: inodes cannot, so where
   * they are above it this is false. True without pressure.
   */
  sufficient: boolean;
  /** Why nothing may be removed right now, such as a converging service; null when nothing is in the way. */
  busy: string | null;
  warnings: string[];
}
