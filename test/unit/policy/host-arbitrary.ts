import fc from "fast-check";
import type { StoredImage } from "../../../src/model/evidence.ts";
import type { Marks } from "../../../src/policy/marks.ts";
import type { HostContainer, HostService, HostState, ImageUse, Rules } from "../../../src/policy/model.ts";
import type { PlanInput } from "../../../src/policy/plan.ts";
import { day, now, sha } from "./hosts.ts";

// Hosts at random, made of few names, so that things meet. What a name means is written here by hand, so that the
// properties need no parser.

/** A reference with what it says. */
export interface Named {
  text: string;
  repository: string;
  tag: string | null;
  digest: string | null;
}

export const digests = ["d1", "d2", "d3"].map(sha);
const [d1 = "", d2 = "", d3 = ""] = digests;

const name = (text: string, repository: string, tag: string | null, digest: string | null = null): Named => ({
  text,
  repository,
  tag,
  digest,
});

/** Every name that an image can have, or that something can call it by. */
export const vocabulary: readonly Named[] = [
  name("nginx:1", "nginx", "1"),
  name("docker.io/library/nginx:1", "nginx", "1"),
  name("nginx:2", "nginx", "2"),
  name("nginx", "nginx", "latest"),
  name("org/app:1", "org/app", "1"),
  name("ghcr.io/org/app:1", "ghcr.io/org/app", "1"),
  ...["a:1", "b:1", "c:1", "e:1", "f:1", "g:1"].map((text) => name(text, text.slice(0, 1), "1")),
  name(`nginx@${d1}`, "nginx", null, d1),
  name(`nginx@${d2}`, "nginx", null, d2),
  name(`org/app@${d3}`, "org/app", null, d3),
  name(`mirror/nginx@${d1}`, "mirror/nginx", null, d1),
  name(`nginx:1@${d1}`, "nginx", "1", d1),
  name(`nginx:1@${d2}`, "nginx", "1", d2),
];

/** What an engine says of an image: `docker.io/library/` is never part of it, and no name goes without a tag. */
const stored = vocabulary.filter(({ text }) => !text.startsWith("docker.io/") && text !== "nginx");

const rules: readonly string[] = [
  "nginx",
  "nginx:*",
  "docker.io/library/nginx:2",
  "org/*",
  "ghcr.io/**",
  `nginx@${d1}`,
  "nothing:1",
];

/** What each keep rule matches, by hand. */
export const keeps: Record<string, (named: Named) => boolean> = {
  nginx: ({ repository }) => repository === "nginx",
  "nginx:*": ({ repository, tag }) => repository === "nginx" && tag !== null,
  "docker.io/library/nginx:2": ({ text }) => text === "nginx:2",
  "org/*": ({ repository }) => repository === "org/app",
  "ghcr.io/**": ({ repository }) => repository === "ghcr.io/org/app",
  [`nginx@${d1}`]: ({ repository, digest }) => repository === "nginx" && digest === d1,
  "nothing:1": () => false,
};

const ageMs = fc.integer({ min: 0, max: 20 * 24 }).map((hours) => (hours * day) / 24);
const some = <T>(all: readonly T[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...all), { maxLength });
/** None at all as often as some, or too little would be left to remove. */
const maybe = <T>(all: fc.Arbitrary<T[]>) => fc.oneof(fc.constant<T[]>([]), all);
const reference = fc.constantFrom(...vocabulary).map(({ text }) => text);
const layer = fc.constantFrom("a", "b", "c");

const image = fc.record({
  names: fc.oneof(fc.constant([]), { weight: 5, arbitrary: some(stored, 3) }),
  layers: fc.array(layer, { maxLength: 4 }),
});

function storedImage(index: number, names: readonly Named[], layers: string[]): StoredImage {
  const texts = names.map(({ text }) => text);
  return {
    id: sha(`image ${index}`),
    tags: texts.filter((text) => !text.includes("@")),
    digests: texts.filter((text) => text.includes("@")),
    layers,
    bytes: 1,
  };
}

const images = fc
  .array(image, { maxLength: 10, size: "max" })
  .map((all) => all.map(({ names, layers }, index) => storedImage(index, names, layers)));

const imageId = fc.integer({ min: 0, max: 11 }).map((index) => sha(`image ${index}`));

const containers = maybe(
  fc.array(fc.record({ imageId, image: reference, state: fc.constantFrom("created", "running", "exited") }), {
    maxLength: 2,
  }),
);

const services = maybe(
  fc.array(
    fc.record({
      image: reference,
      previousImage: fc.option(reference, { nil: null }),
      desired: fc.constantFrom(0, 1),
    }),
    { maxLength: 2 },
  ),
);

const marks: fc.Arbitrary<Marks> = fc.oneof(
  fc.constant<Marks>({ high: { share: 0.8 }, low: { share: 0.7 } }),
  fc
    .tuple(fc.integer({ min: 1, max: 98 }), fc.integer({ min: 1, max: 50 }))
    .map(([low, more]) => ({ high: { share: Math.min(100, low + more) / 100 }, low: { share: low / 100 } })),
  fc
    .tuple(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 300 }))
    .map(([low, more]) => ({ high: { bytes: low + more }, low: { bytes: low } })),
);

/** Mostly too full, and mostly of bytes, or most hosts would have nothing to do. */
const disk: fc.Arbitrary<HostState["disk"]> = fc.record({
  totalBytes: fc.constant(1000),
  usedBytes: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 700, max: 1000 }) },
    fc.integer({ min: 0, max: 1000 }),
  ),
  totalInodes: fc.constantFrom(0, 1000),
  usedInodes: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 1000 })),
});

const use: fc.Arbitrary<ImageUse | null> = fc.option(
  fc.record({ firstSeen: ageMs, lastUse: ageMs }).map(({ firstSeen, lastUse }) => ({
    firstSeen: now - firstSeen,
    lastUse: now - lastUse,
  })),
  { nil: null, freq: 8 },
);

const bytes = fc.integer({ min: 20, max: 150 });

/** A host at rest: nothing is in the way of a removal. */
export const anyHost: fc.Arbitrary<PlanInput> = fc
  .record({
    images,
    containers,
    services,
    disk,
    marks,
    minAgeDays: fc.constantFrom(0, 1, 7),
    keep: maybe(some(rules, 2)),
    pinned: maybe(some(vocabulary, 2)),
    uses: fc.array(use, { minLength: 10, maxLength: 10 }),
    sinceMs: fc.oneof({ weight: 3, arbitrary: fc.constant(60 * day) }, ageMs),
    resolvedTo: fc.option(fc.record({ digest: fc.constantFrom(...digests), ageMs }), { nil: null }),
    sizes: fc.record({ a: bytes, b: bytes, c: bytes }),
  })
  .map((host) => ({
    state: {
      images: host.images,
      containers: host.containers.map(
        (one, index): HostContainer => ({ ...one, id: `c${index}`, name: `c${index}`, task: false }),
      ),
      services: host.services.map(
        (one, index): HostService => ({ ...one, name: `s${index}`, running: one.desired }),
      ),
      tasksUnderway: [],
      pulls: [],
      disk: host.disk,
    },
    rules: {
      marks: host.marks,
      minAgeMs: host.minAgeDays * day,
      keep: host.keep,
      pinned: host.pinned.map(({ text }, index): Rules["pinned"][number] => ({
        image: text,
        by: `p${index}`,
      })),
    },
    record: {
      version: 1,
      engine: "E",
      since: now - host.sinceMs,
      until: now,
      images: Object.fromEntries(
        host.images.flatMap(({ id }, index) => {
          const known = host.uses[index];
          return known ? [[id, known]] : [];
        }),
      ),
      resolved:
        host.resolvedTo === null
          ? {}
          : { "library/nginx:1": { digest: host.resolvedTo.digest, at: now - host.resolvedTo.ageMs } },
    },
    now,
    layerBytes: new Map(Object.entries(host.sizes)),
  }));

/** Something that is going on on a host. */
export const goingOn: fc.Arbitrary<Partial<HostState>> = fc.constantFrom(
  { tasksUnderway: ["web.1 (preparing)"] },
  { pulls: ["tmp/GetImageBlob1"] },
  { services: [{ name: "web", image: "busybox", previousImage: null, desired: 2, running: 1 }] },
);
