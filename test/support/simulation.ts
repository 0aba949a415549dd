import { claimIds } from "../../src/model/claim.ts";
import type { Body, Entry, EntryOf, Kind, StoredImage } from "../../src/model/evidence.ts";
import { entry as schema } from "../../src/model/evidence.ts";
import type {
  DeployStep,
  ImageVariant,
  InterruptStep,
  OutageName,
  Policy,
  Scenario,
  Step,
} from "../../src/model/plan.ts";
import { defaultPlan, policies } from "./scenarios.ts";
import { bigHost, diffOf, type HostModel, published, SimulatedHost } from "./simulated-host.ts";
import { knownPrunes, type PruneScene, type SimulatedPrune } from "./simulated-prune.ts";

/** How a simulated host differs from one that keeps its cache and never reboots. */
export interface SimulationOptions {
  scenarios?: Scenario[];
  policy?: Policy;
  host?: HostModel;
  /** What the policy under test does; by default what its command is known for. */
  prune?: SimulatedPrune;
  /** Steps that fail, and change nothing. */
  fails?: readonly string[];
  /** Whether a mere restart gives a new boot id as well, as every reboot and every power cut does. */
  reboots?: boolean;
}

const account = "keeper";
/** What a manifest check costs on the wire, TLS included. */
const overhead = 12_000;

/**
 * The evidence of a run on an imaginary host, from a model of what engine, hub and prune commands do: the shape of a
 * real run, in no time, every line of which a test may then change. The lines fit the schema.
 */
export function simulate(options: SimulationOptions = {}): Entry[] {
  return new Simulation(options).run().map((line) => schema.parse(line));
}

class Simulation {
  readonly #entries: Entry[] = [];
  readonly #scenarios: Scenario[];
  readonly #policy: Policy;
  readonly #prune: SimulatedPrune | undefined;
  readonly #fails: readonly string[];
  readonly #reboots: boolean;
  readonly #host: SimulatedHost;
  #at: { host: string | null; scenario: string | null; step: string | null } = {
    host: null,
    scenario: null,
    step: null,
  };
  #now = 0;
  #requests = 0;
  #rx = 100_000;
  #boots = 1;
  #bootedAt = 0;
  #volatile = false;
  #remaining = { account: 200, anonymous: 100 };
  #variant = "a";
  #fault: Extract<Step, { do: "fault" }> | undefined;
  #outage: OutageName | undefined;

  constructor({
    policy = policies.reference,
    scenarios = defaultPlan(policy),
    host = bigHost,
    prune,
    fails = [],
    reboots = false,
  }: SimulationOptions) {
    this.#policy = policy;
    this.#scenarios = scenarios;
    this.#host = new SimulatedHost(host);
    this.#prune = prune;
    this.#fails = fails;
    this.#reboots = reboots;
  }

  run(): Entry[] {
    const { model } = this.#host;
    this.#write("run", {
      evidenceVersion: 1,
      id: "20260102-030405-simulated",
      pullproof: "0.1.0",
      seed: "seed",
      account,
      claims: claimIds,
      baseImages: ["pullproof/base:1.0.0"],
      recipe: bigHost.recipe,
      policy: this.#policy,
      scenarios: this.#scenarios,
    });
    this.#at = { host: model.name, scenario: null, step: null };
    const { imageStore } = model;
    this.#write("environment", {
      ...environment,
      engine: { ...environment.engine, imageStore },
      recipeImages: model.recipe.images,
    });
    for (const image of this.#offered()) this.#write("published", published(image));
    this.#observe();
    for (const scenario of this.#scenarios) {
      this.#fault = undefined;
      this.#outage = undefined;
      for (const step of scenario.steps) this.#step(scenario.id, step);
    }
    this.#at = { host: null, scenario: null, step: null };
    this.#write("end", { completed: true, reason: null });
    return this.#entries;
  }

  /** What the hub offers, from the start: the base image, the recipe's, and all that the steps name. */
  #offered(): ImageVariant[] {
    const images = ["pullproof/base:1.0.0", ...Object.values(this.#host.model.recipe.images)].map(variantOf);
    const steps = this.#scenarios.flatMap(({ steps }) => steps);
    const named = steps.flatMap((step): ImageVariant[] => {
      if (step.do === "deploy") return Object.values(step.images).map(({ pin, ...image }) => image);
      if (step.do === "prune") return step.pulls === null ? [] : [step.pulls];
      return "image" in step && typeof step.image !== "string" ? [step.image] : [];
    });
    const all = [...images, ...named].map((image) => [JSON.stringify(published(image)), image] as const);
    return [...new Map(all).values()];
  }

  #step(scenario: string, step: Step): void {
    this.#at = { host: this.#host.model.name, scenario, step: step.id };
    this.#write("invoke", step);
    const failed = { ...fine, status: "fail", message: "it did not work" } as const;
    this.#write("outcome", this.#fails.includes(step.id) ? failed : this.#carryOut(step));
    this.#host.tick();
    this.#observe();
  }

  #carryOut(step: Step): Body<"outcome"> {
    const host = this.#host;
    switch (step.do) {
      case "pull":
        this.#pull(variantOf(step.image), account, "tag");
        return fine;
      case "pull-variant":
        this.#pull(step.image, account, step.by);
        return fine;
      case "deploy":
        return { ...fine, ...this.#deploy(step) };
      case "teardown":
        host.services = [];
        if (step.removeImages) this.#removeUntagged();
        return fine;
      case "prune":
        return this.#pruneRun(step);
      case "restart":
        return this.#restart(step);
      case "volatile-store":
        // Another file system lies over the store now, which is empty.
        this.#volatile = true;
        this.#remove(() => true);
        return fine;
      case "evict":
        this.#removeUntagged();
        return fine;
      case "build":
        host.build();
        return fine;
      case "create-container":
        host.stopped.push({ name: host.name("one-off-"), imageId: host.idOf(step.image) });
        return fine;
      case "age":
        host.age(step.days);
        return fine;
      case "fill":
        host.fill(step.share);
        return fine;
      case "reset":
        host.stopped = [];
        for (const { id } of host.images) host.remove(id);
        return fine;
      case "publish":
        this.#variant = step.image.variant;
        return fine;
      case "fault":
        this.#fault = step;
        return fine;
      case "outage":
        this.#outage = step.outage;
        return fine;
      case "lift-faults":
        this.#fault = undefined;
        this.#outage = undefined;
        return fine;
      case "interrupt":
        return this.#interrupt(step);
    }
  }

  /** Half a minute without the host. Where the app ran, its swarm brings it back, and pulls what it lacks. */
  #restart({ manner }: Extract<Step, { do: "restart" }>): Body<"outcome"> {
    const host = this.#host;
    this.#now += 30_000;
    this.#rx = 0;
    if (manner !== "restart" || this.#reboots) {
      this.#boots += 1;
      this.#bootedAt = this.#now - 10_000;
      if (this.#volatile) this.#remove(() => true);
    }
    host.services = host.services.map((service) => ({ ...service, task: host.name(`${service.name}.1.`) }));
    const services = host.services.map(({ name, image, imageId }) => {
      const [tag = ""] = image.split("@");
      if (!host.images.some(({ id }) => id === imageId)) this.#pull(variantOf(tag), account, "swarm", true);
      return { name, image, imageId, running: true };
    });
    const output = manner === "power-cut" ? "file system check: root: recovering journal" : null;
    return { ...fine, seconds: 30, services, output };
  }

  #deploy(step: DeployStep): Partial<Body<"outcome">> {
    const host = this.#host;
    const { name: app, images } = host.model.recipe;
    const as = step.registryAuth ? account : null;
    const began = this.#now;
    const before = host.services;
    host.services = [];
    const up: Body<"outcome">["services"] = [];
    for (const [service, named] of Object.entries(images)) {
      const { pin = false, ...image } = step.images[service] ?? this.#resolved(variantOf(named));
      const name = `${app}_${service}`;
      const tag = `${image.repository}:${image.tag}`;
      if (step.prepull) this.#pull(image, as, "tag");
      if (this.#outage !== undefined && !this.#unanswered(image, as, this.#outage)) {
        const down = { name, image: tag, imageId: null, running: false };
        return { status: "fail", message: `No such image: ${tag}`, seconds: 3, services: [...up, down] };
      }
      if (this.#outage === undefined && !this.#pull(image, as, "swarm", pin)) {
        return { status: "fail", message: `${name} did not come up`, seconds: 20, services: up };
      }
      const spec = {
        name,
        image: this.#outage === undefined ? `${tag}@${published(image).digest}` : tag,
        imageId: host.idOf(image),
      };
      const previousImage = before.find((one) => one.name === name)?.image ?? null;
      host.services.push({ ...spec, previousImage, task: host.name(`${name}.1.`) });
      up.push({ ...spec, running: true });
    }
    return { services: up, seconds: 1 + (this.#now - began) / 1000 };
  }

  /** What a deploy asks of a hub that is of no use. Whether the service finds its image all the same. */
  #unanswered(image: ImageVariant, as: string | null, outage: OutageName): boolean {
    const { digest } = published(image);
    const about = { account: as, credentials: "bearer", repository: image.repository } as const;
    const head = { ...about, endpoint: "manifest", method: "HEAD", reference: image.tag } as const;
    const get = { ...about, endpoint: "manifest", reference: digest } as const;
    const refused = { status: 429, fault: outage };
    if (outage === "down") this.#request({ endpoint: "ping", status: 0, complete: false, fault: outage });
    if (outage === "rate-limited") this.#request({ ...head, ...refused });
    if (outage === "spent-budget") {
      this.#request({ ...head, digest, media: "manifest" });
      this.#request({ ...get, ...refused });
    }
    const stored = this.#host.images.find(({ id }) => id === this.#host.idOf(image));
    // A HEAD that is answered tells that what the tag means is there already.
    return stored?.tags.includes(`${image.repository}:${image.tag}`) || outage === "spent-budget";
  }

  /** A pull that gets its first layer whole, of the others the half, and keeps none of it. */
  #interrupt({ pulls }: InterruptStep): Body<"outcome"> {
    const { repository, layers } = published(pulls);
    for (const [at, { digest, bytes }] of layers.entries()) {
      const blob = { endpoint: "blob", media: "layer", reference: digest, digest } as const;
      const come = at === 0 ? { bytes } : { bytes: bytes / 2, complete: false };
      this.#request({ account, credentials: "bearer", repository, ...blob, ...come });
    }
    const detail = "the pull failed: unexpected EOF";
    this.#write("activity", { name: "pull", before: true, after: false, detail });
    return { ...fine, output: detail };
  }

  /** The web image's tag moves when a variant of it is published. */
  #resolved(image: ImageVariant): ImageVariant & { pin?: boolean } {
    return image.repository === "pullproof/web" ? { ...image, variant: this.#variant } : image;
  }

  #pruneRun(step: Extract<Step, { do: "prune" }>): Body<"outcome"> {
    const { policy, during, pulls } = step;
    const own = policy.name === this.#policy.name ? this.#prune : undefined;
    const prune = own ?? knownPrunes[policy.command];
    if (prune === undefined) throw new Error(`nobody knows what ${policy.command} does`);
    const scene = this.#scene(during);
    // Of two at once, the other one is there first.
    if (during === "second-prune") prune(scene);
    const code = prune(scene);
    if (during === "pull" && pulls !== null) this.#pull(pulls, account, "tag");
    if (during !== null)
      this.#write("activity", { name: during, before: true, after: true, detail: "it ended well" });
    const ended = { ...fine, exitCode: code };
    return code === 0 ? ended : { ...ended, status: "fail", message: `ended with code ${code}: …` };
  }

  #scene(during: PruneScene["during"]): PruneScene {
    const host = this.#host;
    return {
      during,
      share: () => host.share,
      images: () => host.known(),
      remove: (id) => this.#remove((image) => image.id === id),
      untag: (id) => {
        host.images = host.images.map((image) =>
          image.id === id ? { ...image, tags: [], digests: [] } : image,
        );
        this.#imageEvent("untag", id);
      },
      pullAgain: ({ image }) => {
        host.store(image);
        this.#imageEvent("pull", image.id);
      },
    };
  }

  /** Makes the requests of a pull and stores the image. False when a fault struck. */
  #pull(
    variant: ImageVariant,
    as: string | null,
    by: "tag" | "digest" | "swarm",
    pinned = by === "digest",
  ): boolean {
    const image = published(variant);
    const host = this.#host;
    const faulty = image.repository === this.#fault?.image.repository ? this.#fault.fault : undefined;
    const about = { account: as, repository: image.repository };
    this.#request({ ...about, account: null, repository: null, endpoint: "ping", status: 401 });
    const credentials = as === null ? "none" : "basic";
    this.#request({ ...about, endpoint: "token", credentials, media: "token", bytes: 900 });
    const asked = { ...about, credentials: "bearer" as const };
    if (!pinned) {
      const head = { ...asked, endpoint: "manifest" as const, method: "HEAD", reference: image.tag };
      if (faulty === "vanished-tag") {
        this.#request({ ...head, status: 404, fault: "vanished-tag" });
        return false;
      }
      this.#request({ ...head, digest: image.digest, media: "manifest" });
    }
    const id = host.idOf(variant);
    const stored = host.images.some((one) => one.id === id);
    for (let i = 0; i < (stored ? 1 : 2); i += 1) {
      this.#remaining[as === null ? "anonymous" : "account"] -= 1;
      const manifest = { endpoint: "manifest", media: "manifest", bytes: 800, counted: true } as const;
      this.#request({ ...asked, ...manifest, reference: image.digest, digest: image.digest });
    }
    const config = { endpoint: "blob", media: "config", bytes: 1500, reference: image.config } as const;
    this.#request({ ...asked, ...config, digest: image.config });
    const local = new Set(host.images.flatMap(({ layers }) => layers));
    for (const { digest, bytes } of image.layers) {
      if (local.has(diffOf(digest))) continue;
      const blob = { ...asked, endpoint: "blob", media: "layer", reference: digest, digest } as const;
      if (faulty === "broken-layer" && digest.includes("broken")) {
        this.#request({ ...blob, bytes: 1000, complete: false, fault: "broken-layer" });
        return false;
      }
      if (faulty === "truncated-layer" && digest === image.layers.at(-1)?.digest) {
        this.#request({ ...blob, bytes: bytes / 2, complete: false, fault: "truncated-layer" });
        this.#request({ ...blob, bytes: bytes / 2, status: 206 });
      } else this.#request({ ...blob, bytes });
    }
    this.#imageEvent("pull", id, `${image.repository}:${image.tag}`);
    host.store(host.pulled(variant, by));
    return true;
  }

  #imageEvent(action: string, imageId: string, name: string | null = null): void {
    this.#write("event", { action, imageId, name, wall: wallAt(this.#now) });
  }

  #request(data: Partial<Body<"request">>): void {
    this.#requests += 1;
    const bytes = data.bytes ?? 0;
    const start = this.#now;
    // One megabyte takes 100 ms, and an answer without a body a few.
    this.#now += 3 + bytes / 10_000 + (this.#requests % 5);
    this.#rx += bytes + Math.round(bytes / 50) + overhead / 10;
    this.#write("request", {
      n: this.#requests,
      wall: wallAt(start),
      start,
      end: this.#now,
      account: null,
      credentials: "none",
      endpoint: "other",
      method: "GET",
      repository: null,
      reference: null,
      digest: null,
      status: 200,
      media: "none",
      complete: true,
      counted: false,
      fault: null,
      userAgent: "docker/26.1.5 go/1.24",
      ...data,
      bytes,
    });
  }

  #remove(accept: (image: StoredImage) => boolean): void {
    for (const { id } of this.#host.images.filter(accept)) {
      this.#imageEvent("delete", id);
      this.#host.remove(id);
    }
  }

  #removeUntagged(): void {
    this.#remove(({ tags }) => tags.length === 0);
  }

  #observe(): void {
    const host = this.#host;
    this.#now += 50;
    this.#write("images", { images: host.images });
    this.#write("disk", host.disk);
    this.#write("interface", { name: "eth0", rxBytes: this.#rx });
    this.#write("clock", {
      bootId: `boot-${this.#boots}`,
      uptimeSeconds: (this.#now - this.#bootedAt) / 1000,
    });
    this.#write("inventory", host.inventory);
    this.#write("uses", host.uses);
    const counter = { windowSeconds: 21_600, source: "192.0.2.1" };
    this.#write("ratelimit", {
      identity: "account",
      limit: 200,
      remaining: this.#remaining.account,
      ...counter,
    });
    this.#write("ratelimit", {
      identity: "anonymous",
      limit: 100,
      remaining: this.#remaining.anonymous,
      ...counter,
    });
    this.#write("fence", { seen: true, detail: "volume event" });
  }

  #write<K extends Kind>(kind: K, data: Body<K>): void {
    const header = {
      seq: this.#entries.length + 1,
      wall: wallAt(this.#now),
      mono: this.#now,
      boot: `boot-${this.#boots}`,
      source: kind,
      ...this.#at,
    };
    this.#entries.push({ ...header, kind, data } as EntryOf<Kind>);
  }
}

/** `pullproof/web:1.0.0`, as the hub offers it from the start. */
function variantOf(reference: string): ImageVariant {
  const [repository = "", tag = ""] = reference.split(":");
  return { repository, tag, variant: "a" };
}

/** How a step ends of which there is nothing to tell. */
export const fine: Body<"outcome"> = {
  status: "ok",
  seconds: 0.5,
  message: null,
  warnings: [],
  services: [],
  output: null,
};

const wallAt = (milliseconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + milliseconds).toISOString();

/** What a run ran on. */
export const environment: Body<"environment"> = {
  engine: {
    version: "26.1.5",
    apiVersion: "1.45",
    imageStore: "graphdriver",
    storageDriver: "overlay2",
    dataRoot: "/var/lib/docker",
    kernel: "6.1.0",
    os: "Debian GNU/Linux 13",
    cpus: 2,
    memoryBytes: 4e9,
  },
  swarmNodes: 1,
  pullPath: { mirrors: [], proxies: [], preferOffline: false, hostsFiles: [] },
  deployer: { name: "stack", version: "26.1.5", registryAuth: true, prepull: false },
  hub: {
    registry: "distribution 2.8",
    bytesPerSecond: 10e6,
    anonymous: "allowed",
    accountLimit: 200,
    anonymousLimit: 100,
    windowSeconds: 21_600,
  },
  controller: { node: "24.0.0", cpus: 2, memoryBytes: 4e9, engine: "20.10.24" },
};
