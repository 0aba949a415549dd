import { type ClaimId, claimIds } from "../../src/model/claim.ts";
import type { Body, Entry, EntryOf, Kind, StoredImage } from "../../src/model/evidence.ts";
import { entry as schema } from "../../src/model/evidence.ts";
import type { Scenario, Step } from "../../src/model/plan.ts";
import { deploy, policies } from "./scenarios.ts";
import { environment, fine } from "./simulation.ts";

/** What was seen when a step was over. What is left out is as it was; null was not seen. */
export interface Seen {
  images?: StoredImage[] | null;
  uses?: Partial<Body<"uses">> | null;
  /** Used share of the disk's bytes. */
  share?: number | null;
  disk?: Partial<Body<"disk">>;
  /** How the step ended; null for a step without an outcome. */
  ended?: Partial<Body<"outcome">> | null;
  activity?: Body<"activity">;
  events?: Partial<Body<"event">>[];
}

/** The size of the disk of a history that is written by hand, in bytes: one percent is a million. */
const handDisk = 100e6;

type Line = Pick<Entry, "kind" | "data" | "host" | "scenario" | "step">;

/** The exit code that a prune command's outcome tells of; nothing for an outcome that is not known. */
export function exitOf({ status, message }: Body<"outcome">): { exitCode?: number } {
  if (status === "info") return {};
  return { exitCode: Number(/^ended with code (\d+)/.exec(message ?? "")?.[1] ?? 0) };
}

/** The image of the run's recipe, which no store here holds unless a test says so. */
const recipeImage: Body<"published"> = {
  repository: "pullproof/worker",
  tag: "1.0.0",
  variant: "a",
  digest: "sha256:of-the-recipe",
  config: "sha256:config",
  layers: [{ digest: "sha256:packed", bytes: 1_000_000 }],
};

const nobody: Body<"uses"> = { containers: [], services: [] };

/** A history that is written by hand, step by step, for what no simulation would do. */
export class HandWritten {
  readonly #lines: Line[] = [];
  readonly #scenarios: Scenario[] = [];
  readonly #header: Partial<Body<"run">>;
  #host = "small";
  #scenario: string | null = null;
  #step: string | null = null;
  #state = { images: [] as StoredImage[], uses: nobody, disk: diskOf(0) };

  constructor(start: Seen = {}, header: Partial<Body<"run">> = {}) {
    this.#header = header;
    this.#see(start);
    this.scenario("by-hand");
  }

  /** Continues on another host, which has nothing yet. */
  host(name: string, start: Seen = {}): this {
    this.#host = name;
    this.#step = null;
    this.#state = { images: [], uses: nobody, disk: diskOf(0) };
    this.#see(start);
    return this;
  }

  scenario(id: string, claims: readonly ClaimId[] = claimIds): this {
    this.#scenario = id;
    this.#scenarios.push({ id, title: id, claims: [...claims], control: false, steps: [] });
    return this;
  }

  /** The hub was given an image. */
  published(image: Partial<Body<"published">>): this {
    this.#line("published", {
      ...recipeImage,
      digest: "sha256:worker",
      ...image,
    });
    return this;
  }

  environment(recipeImages: Record<string, string>): this {
    this.#line("environment", { ...environment, recipeImages });
    return this;
  }

  step(plan: Step, seen: Seen = {}): this {
    this.#scenarios.at(-1)?.steps.push(plan);
    this.#step = plan.id;
    this.#line("invoke", plan);
    for (const event of seen.events ?? [])
      this.#line("event", {
        action: "delete",
        imageId: "",
        name: null,
        wall: "2026-01-02T03:04:05Z",
        ...event,
      });
    if (seen.activity !== undefined) this.#line("activity", seen.activity);
    if (seen.ended !== null) {
      const ended = { ...fine, ...seen.ended };
      this.#line("outcome", plan.do === "prune" ? { ...ended, ...exitOf(ended) } : ended);
    }
    this.#see(seen);
    return this;
  }

  get entries(): Entry[] {
    const header: Body<"run"> = {
      evidenceVersion: 1,
      id: "by-hand",
      pullproof: "0.1.0",
      seed: "seed",
      account: "keeper",
      claims: claimIds,
      baseImages: ["pullproof/base:1.0.0"],
      recipe: { name: "courier", images: { app: "pullproof/worker:1.0.0" } },
      policy: policies.reference,
      scenarios: this.#scenarios.filter(({ steps }) => steps.length > 0),
      ...this.#header,
    };
    const nowhere = { host: null, scenario: null, step: null };
    const lines = [
      { kind: "run", data: header, ...nowhere },
      ...this.#known(),
      ...this.#lines,
      { kind: "end", data: { completed: true, reason: null }, ...nowhere },
    ];
    return lines.map((line, index) =>
      schema.parse({
        seq: index + 1,
        wall: "2026-01-02T03:04:05Z",
        mono: index,
        boot: null,
        source: line.kind,
        ...line,
      }),
    );
  }

  /** What is known of each host from the start: its environment, and what the run's recipe means at its hub. */
  #known(): Line[] {
    const has = (host: string | null, kind: Kind) =>
      this.#lines.some((line) => line.host === host && line.kind === kind);
    return [...new Set(this.#lines.map(({ host }) => host))].flatMap((host) => {
      const at = { host, scenario: null, step: null };
      return [
        ...(has(host, "environment") ? [] : [{ kind: "environment" as const, data: environment, ...at }]),
        { kind: "published" as const, data: recipeImage, ...at },
      ];
    });
  }

  #see({ images, uses, share, disk }: Seen): void {
    const before = this.#state;
    this.#state = {
      images: images ?? before.images,
      uses: uses === undefined || uses === null ? before.uses : { ...nobody, ...uses },
      disk: { ...(typeof share === "number" ? diskOf(share) : before.disk), ...disk },
    };
    if (images !== null) this.#line("images", { images: this.#state.images });
    if (uses !== null) this.#line("uses", this.#state.uses);
    if (share !== null) this.#line("disk", this.#state.disk);
  }

  #line<K extends Kind>(kind: K, data: EntryOf<K>["data"]): void {
    const line = { kind, data, host: this.#host, scenario: this.#scenario, step: this.#step };
    this.#lines.push(line as Line);
  }
}

function diskOf(share: number): Body<"disk"> {
  return {
    totalBytes: handDisk,
    usedBytes: Math.round(share * handDisk),
    totalInodes: 1000,
    usedInodes: 100,
    layersBytes: 0,
  };
}

/** An image with a layer of its own on the given ones; by default named by digest alone, and of five million bytes. */
export function image(name: string, changes: Partial<StoredImage> & { on?: string[] } = {}): StoredImage {
  const { on = [], ...rest } = changes;
  return {
    id: `sha256:id-${name}`,
    tags: [],
    digests: [`pullproof/store@sha256:${name}`],
    layers: [...on, `sha256:layer-${name}`],
    bytes: 5_000_000,
    ...rest,
  };
}

export const age = (days: number, id = `age-${days}`): Step => ({ id, do: "age", days });

/** A step that changes nothing by itself: what it brings is what is seen after it. */
export const pull = (id: string): Step => ({ id, do: "pull", image: "pullproof/other:1" });

export const prune = (id: string, changes: Partial<Extract<Step, { do: "prune" }>> = {}): Step => ({
  id,
  do: "prune",
  policy: policies.reference,
  during: null,
  pulls: null,
  ...changes,
});

/** A deploy of another release of the app. */
export const release = (id: string, version: string): Step =>
  deploy(id, "cold", {
    images: { app: { repository: "pullproof/worker", tag: version, variant: version, pin: false } },
  });
