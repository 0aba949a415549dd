import { createCipheriv, createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { pack } from "tar-fs";
import { busyboxImage } from "./busybox.ts";
import { followProgress, hasImage, requireImage } from "./image.ts";
import { labels } from "./labels.ts";
import { defaultLab, labImage } from "./rootfs.ts";

const imagesFolder = fileURLToPath(new URL("../../fixtures/images", import.meta.url));

/** How the content of the fixture images is made. */
export interface FixtureContent {
  /** The same seed and sizes give the same layers, byte for byte. */
  seed: string;
  /** Incompressible bytes in each layer. */
  layerBytes: number;
}

/** Builds the fixture images on the outer engine, from the Dockerfiles in `fixtures/images/`. */
export class FixtureImages {
  readonly #docker: Docker;
  readonly #busybox: string;
  readonly #content: FixtureContent;
  readonly #builds = new Map<string, Promise<string>>();

  /** The fixture images of a run, which all its labs share. Throws a Failure when the lab is not set up. */
  static async open(docker: Docker, content: FixtureContent): Promise<FixtureImages> {
    const lab = await requireImage(docker, labImage(defaultLab));
    const busybox = await requireImage(docker, busyboxImage(lab));
    return new FixtureImages(docker, busybox, content);
  }

  /** `busybox` names the locally made image that the fixture's base image is built on. */
  private constructor(docker: Docker, busybox: string, content: FixtureContent) {
    this.#docker = docker;
    this.#busybox = busybox;
    this.#content = content;
  }

  /**
   * Builds one variant of one image unless it is there already, and returns its name on the outer engine.
   * `name` is a folder of `fixtures/images/`; variants of a name differ in content alone. Labs that ask at the
   * same time get one build: two would differ in their time of creation, and so in their digest.
   */
  build(name: string, variant: string): Promise<string> {
    const key = `${name}/${variant}`;
    const build = this.#builds.get(key) ?? this.#ensure(name, variant);
    this.#builds.set(key, build);
    return build;
  }

  async #ensure(name: string, variant: string): Promise<string> {
    const from = name === "base" ? this.#busybox : await this.build("base", "a");
    const folder = join(imagesFolder, name);
    const payload = keystream(`${this.#content.seed}/${name}/${variant}`, this.#content.layerBytes);
    const key = createHash("sha256").update(from).update(payload);
    for (const file of filesIn(folder)) key.update(relative(folder, file)).update(readFileSync(file));
    const tag = `pullproof/fixture-${name}:${key.digest("hex").slice(0, 12)}`;
    if (!(await hasImage(this.#docker, tag))) await this.#build(folder, name, payload, from, tag);
    return tag;
  }

  async #build(folder: string, name: string, payload: Buffer, from: string, tag: string): Promise<void> {
    const context = pack(folder, {
      finalize: false,
      // Everything that goes into the image has the same owner and age wherever the clone lies.
      map: (header) => ({ ...header, uid: 0, gid: 0, mtime: new Date(0) }),
      finish: (tar) => {
        tar.entry({ name: `root/usr/share/pullproof/${name}`, mtime: new Date(0) }, payload);
        tar.finalize();
      },
    });
    const stream = await this.#docker.buildImage(context as unknown as Readable, {
      t: tag,
      buildargs: { FROM: from },
      labels: { [labels.own]: "true" },
    });
    await followProgress(this.#docker, stream);
  }
}

/** Seeded bytes that no compressor can shrink: the keystream of AES-256 in counter mode. */
function keystream(seed: string, bytes: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .sort();
}
