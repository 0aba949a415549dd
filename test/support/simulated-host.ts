import type { Body, StoredImage } from "../../src/model/evidence.ts";
import type { ImageVariant } from "../../src/model/plan.ts";

/** A host to simulate: what it deploys, how it stores images, and on how large a disk. */
export interface HostModel {
  name: string;
  imageStore: "graphdriver" | "containerd";
  recipe: { name: string; images: Record<string, string> };
  disk: { totalBytes: number; otherBytes: number };
}

/** A host whose disk nothing here can fill, with the recipe of three services. */
export const bigHost: HostModel = {
  name: "lab",
  imageStore: "graphdriver",
  recipe: {
    name: "notebook",
    images: Object.fromEntries(["web", "worker", "store"].map((name) => [name, `pullproof/${name}:1.0.0`])),
  },
  disk: { totalBytes: 100e9, otherBytes: 40e9 },
};

/** A host for real disk pressure: two dozen layers, and its disk is full. */
export function smallHost(imageStore: HostModel["imageStore"]): HostModel {
  const copies = copiesOn(imageStore);
  return {
    name: `small-${imageStore}`,
    imageStore,
    recipe: { name: "courier", images: { app: "pullproof/worker:1.0.0", store: "pullproof/store:1.0.0" } },
    disk: { totalBytes: copies * 24 * layerBytes.own + 10e6, otherBytes: 1e6 },
  };
}

const layerBytes = { busybox: 800_000, base: 8_000_000, own: 5_000_000, leftOver: 1_000_000 };

/** containerd's store keeps each layer packed, as it came, and unpacked. */
const copiesOn = (imageStore: HostModel["imageStore"]) => (imageStore === "containerd" ? 2 : 1);

/** The tag that the operator keeps. */
const baseTag = "pullproof/base:1.0.0";
const minimumAgeDays = 7;

/** Why an image must stay: what is known of it, and not what any record or checker makes of that. */
export type Protection = "container" | "service" | "previous" | "kept" | "pinned" | "fresh" | "below";

/** An image with all that is true of it. */
export interface KnownImage {
  image: StoredImage;
  protection: Protection | null;
  dangling: boolean;
  /** In order of last use: later is greater. */
  lastUse: number;
}

/**
 * The state of an imaginary host: images in its store, what uses them, when each was used last, what the disk
 * holds. It knows nothing of evidence and of checkers.
 */
export class SimulatedHost {
  readonly model: HostModel;
  images: StoredImage[] = [];
  services: { name: string; image: string; imageId: string; previousImage: string | null; task: string }[] =
    [];
  stopped: { name: string; imageId: string }[] = [];
  ballast = 0;
  #day = 0;
  #moment = 0;
  #named = 0;
  readonly #used = new Map<string, { day: number; moment: number }>();

  constructor(model: HostModel) {
    this.model = model;
  }

  /** A name that was not given before. */
  name(beginning: string): string {
    this.#named += 1;
    return `${beginning}${this.#named}`;
  }

  /** An image comes, or comes again under more names. */
  store(image: StoredImage): void {
    const known = this.images.find(({ id }) => id === image.id);
    const names = (one: readonly string[], other: readonly string[] = []) =>
      [...new Set([...one, ...other])].sort();
    this.images = [
      ...this.images.filter(({ id }) => id !== image.id),
      { ...image, tags: names(image.tags, known?.tags), digests: names(image.digests, known?.digests) },
    ];
    this.use(image.id);
  }

  /** What a pull of an image leaves: without a tag, a name by digest, as each store has it. */
  pulled(image: ImageVariant, by: "tag" | "digest" | "swarm"): StoredImage {
    const { repository, tag } = image;
    const { digest, layers } = published(image);
    // 26.1's containerd store names what a swarm pulled by tag and digest.
    const swarms = this.model.imageStore === "containerd" ? `${repository}:${tag}@${digest}` : "";
    return {
      id: this.idOf(image),
      tags: by === "tag" ? [`${repository}:${tag}`] : [],
      digests: [by === "swarm" && swarms !== "" ? swarms : `${repository}@${digest}`],
      layers: layers.map((layer) => diffOf(layer.digest)),
      // However often its layers are kept.
      bytes: layers.reduce((sum, layer) => sum + layer.bytes, 0),
    };
  }

  /** An image without a name, on the base image, as a build leaves it. */
  build(): void {
    const base = this.pulled({ repository: "pullproof/base", tag: "1.0.0", variant: "a" }, "digest");
    const name = this.name("left-over-");
    this.store({
      id: `sha256:id-${name}`,
      tags: [],
      digests: [],
      layers: [...base.layers, `sha256:diff-${name}`],
      bytes: base.bytes + layerBytes.leftOver,
    });
  }

  /** containerd's store calls an image by its manifest. */
  idOf(image: ImageVariant): string {
    const known = published(image);
    return this.model.imageStore === "containerd" ? known.digest : known.config.replace("config", "id");
  }

  use(id: string): void {
    this.#moment += 1;
    this.#used.set(id, { day: this.#day, moment: this.#moment });
  }

  /** What is in use now is used now. */
  tick(): void {
    this.#moment += 1;
    for (const image of this.images)
      if (this.#useOf(image) !== null) this.#used.set(image.id, { day: this.#day, moment: this.#moment });
  }

  age(days: number): void {
    this.tick();
    this.#day += days;
    this.tick();
  }

  /** Days between what has been seen of an image's use and now. */
  ageOf({ id }: StoredImage): number {
    return this.#day - (this.#used.get(id)?.day ?? this.#day);
  }

  remove(id: string): void {
    this.images = this.images.filter((image) => image.id !== id);
    this.#used.delete(id);
  }

  known(): KnownImage[] {
    const known = this.images.map((image): KnownImage => {
      const dangling = image.tags.length + image.digests.length === 0;
      return {
        image,
        protection: this.#protectionOf(image),
        dangling,
        lastUse: this.#used.get(image.id)?.moment ?? this.#moment,
      };
    });
    const kept = known.filter(({ protection }) => protection !== null);
    return known.map((one) =>
      one.protection === null && kept.some(({ image }) => liesUnder(one.image, image))
        ? { ...one, protection: "below" }
        : one,
    );
  }

  #protectionOf(image: StoredImage): Protection | null {
    const use = this.#useOf(image);
    if (use !== null) return use;
    if (image.tags.includes(baseTag)) return "kept";
    const pins = Object.values(this.model.recipe.images).map((name) => {
      const [repository = "", tag = ""] = name.split(":");
      return this.idOf({ repository, tag, variant: "a" });
    });
    if (pins.includes(image.id)) return "pinned";
    return this.ageOf(image) < minimumAgeDays ? "fresh" : null;
  }

  #useOf({ id }: StoredImage): Protection | null {
    if (this.stopped.some(({ imageId }) => imageId === id)) return "container";
    if (this.services.some(({ imageId }) => imageId === id)) return "service";
    const image = this.images.find((one) => one.id === id);
    const digests = image?.digests.map((name) => name.split("@")[1] ?? "") ?? [];
    const previous = this.services.flatMap(({ previousImage }) => previousImage?.split("@")[1] ?? []);
    return previous.some((digest) => digest === id || digests.includes(digest)) ? "previous" : null;
  }

  /** Bytes on disk of all layers, each once. */
  get layersBytes(): number {
    const layers = new Map(
      this.images.flatMap((image) => image.layers.map((layer) => [layer, bytesOf(layer)] as const)),
    );
    const sum = [...layers.values()].reduce((total, bytes) => total + bytes, 0);
    return sum * copiesOn(this.model.imageStore);
  }

  get disk(): Body<"disk"> {
    const { totalBytes, otherBytes } = this.model.disk;
    return {
      totalBytes,
      usedBytes: otherBytes + this.layersBytes + this.ballast,
      totalInodes: 1e6,
      usedInodes: 1e5,
      layersBytes: this.layersBytes,
    };
  }

  /** Used share of the disk's bytes. */
  get share(): number {
    return this.disk.usedBytes / this.disk.totalBytes;
  }

  fill(share: number): void {
    this.ballast = 0;
    if (share > 0) this.ballast = Math.max(0, Math.ceil(this.disk.totalBytes * share) - this.disk.usedBytes);
  }

  get uses(): Body<"uses"> {
    return {
      containers: [
        ...this.stopped.map(({ name, imageId }) => ({ name, state: "created", imageId })),
        ...this.services.map(({ task, imageId }) => ({ name: task, state: "running", imageId })),
      ],
      services: this.services.map(({ name, image, previousImage }) => ({ name, image, previousImage })),
    };
  }

  get inventory(): Body<"inventory"> {
    const { name } = this.model.recipe;
    const up = this.services.length > 0;
    return {
      services: this.services.map((service) => service.name),
      containers: [...this.stopped.map((one) => one.name), ...this.services.map(({ task }) => task)],
      networks: ["ingress", "bridge", ...(up ? [`${name}_internal`] : [])],
      volumes: up ? [`${name}_data`] : [],
      secrets: up ? [`${name}_session_key_v1`] : [],
      configs: up ? [`${name}_conf_v1`] : [],
    };
  }
}

function liesUnder(base: StoredImage, image: StoredImage): boolean {
  return (
    base.layers.length < image.layers.length && base.layers.every((layer, at) => image.layers[at] === layer)
  );
}

/** What the hub stores of a fixture image: the base's two layers, and one of its own. */
export function published(image: ImageVariant): Body<"published"> {
  const name = image.repository.replace("pullproof/", "");
  const { variant } = image;
  const own = { digest: `sha256:layer-${name}-${variant}`, bytes: layerBytes.own };
  const shared = [
    { digest: "sha256:layer-busybox", bytes: layerBytes.busybox },
    { digest: "sha256:layer-base", bytes: layerBytes.base },
  ];
  return {
    ...image,
    digest: `sha256:manifest-${name}-${variant}`,
    config: `sha256:config-${name}-${variant}`,
    layers: name === "base" ? shared : [...shared, own],
  };
}

/** The unpacked layer of a packed one. */
export const diffOf = (digest: string) => digest.replace("layer", "diff");

function bytesOf(diff: string): number {
  if (diff.includes("busybox")) return layerBytes.busybox;
  if (diff.endsWith("-base")) return layerBytes.base;
  return diff.includes("left-over") ? layerBytes.leftOver : layerBytes.own;
}
