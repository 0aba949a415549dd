import { createHash } from "node:crypto";
import type { StoredImage } from "../../../src/model/evidence.ts";
import { defaultMarks } from "../../../src/policy/marks.ts";
import type { HostContainer, HostService, HostState, Rules, UseRecord } from "../../../src/policy/model.ts";
import type { PlanInput } from "../../../src/policy/plan.ts";

// Hosts to plan for, written as what differs from a host at rest under pressure, on which every image is old.

export const hour = 3_600_000;
export const day = 24 * hour;
export const now = Date.UTC(2026, 0, 31, 12);

/** A digest that stands for a word. */
export const sha = (word: string): string => `sha256:${createHash("sha256").update(word).digest("hex")}`;

/** An image with a layer of its own, by its names: those with an `@` are digests. */
export function image(word: string, names: readonly string[] = [], layers = [sha(`${word}'s`)]): StoredImage {
  return {
    id: sha(word),
    tags: names.filter((name) => !name.includes("@")),
    digests: names.filter((name) => name.includes("@")),
    layers,
    bytes: 100,
  };
}

export function container(imageWord: string, reference: string, state = "running"): HostContainer {
  return { id: "c1", name: "job", state, imageId: sha(imageWord), image: reference, task: false };
}

/** A service that is up. */
export function service(reference: string, changes: Partial<HostService> = {}): HostService {
  return { name: "web", image: reference, previousImage: null, desired: 1, running: 1, ...changes };
}

/** A disk of a thousand bytes and a thousand inodes. */
export function disk(usedBytes: number, usedInodes = 0, totalInodes = 1000): HostState["disk"] {
  return { totalBytes: 1000, usedBytes, totalInodes, usedInodes };
}

export interface Changes {
  images?: readonly StoredImage[];
  state?: Partial<HostState>;
  rules?: Partial<Rules>;
  record?: Partial<UseRecord>;
  /** Days since the last use of an image, by its word; 30 where nothing is said. */
  unusedDays?: Record<string, number>;
  layerBytes?: Record<string, number>;
}

/** What to plan from. Each layer has 100 bytes of the disk's thousand, of which 900 are used. */
export function host({ images = [], state, rules, record, unusedDays, layerBytes }: Changes): PlanInput {
  const ages = new Map(Object.entries(unusedDays ?? {}).map(([word, days]) => [sha(word), days]));
  const uses = images.map(({ id }) => {
    const at = now - (ages.get(id) ?? 30) * day;
    return [id, { firstSeen: at, lastUse: at }];
  });
  return {
    state: { images, containers: [], services: [], tasksUnderway: [], pulls: [], disk: disk(900), ...state },
    rules: { marks: defaultMarks, minAgeMs: 7 * day, keep: [], pinned: [], ...rules },
    record: {
      version: 1,
      engine: "E",
      since: now - 60 * day,
      until: now,
      images: Object.fromEntries(uses),
      resolved: {},
      ...record,
    },
    now,
    layerBytes: new Map([
      ...images.flatMap(({ layers }) => layers).map((layer): [string, number] => [layer, 100]),
      ...Object.entries(layerBytes ?? {}),
    ]),
  };
}
