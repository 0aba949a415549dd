import { claimIds } from "../../src/model/claim.ts";
import type { Body, Entry, EntryOf, Kind, StoredImage } from "../../src/model/evidence.ts";
import { entry as schema } from "../../src/model/evidence.ts";
import type { DeployStep, ImageVariant, Policy, Scenario, Step } from "../../src/model/plan.ts";
import { defaultPlan, policies } from "./scenarios.ts";

/** How a simulated host differs from one that keeps its cache and never reboots. */
export interface SimulationOptions {
  scenarios?: Scenario[];
  policy?: Policy;
  /** Whether a restart gives a new boot id, as on a machine that truly reboots. */
  reboots?: boolean;
}

const account = "keeper";
const services = ["web", "worker", "store"];
const layerBytes = { busybox: 800_000, base: 8_000_000, own: 5_000_000 };
/** What a manifest check costs on the wire, TLS included. */
const overhead = 12_000;
const quiet: Body<"inventory"> = {
  services: [],
  containers: [],
  networks: ["ingress", "bridge"],
  volumes: [],
  secrets: [],
  configs: [],
};
const busy: Body<"inventory"> = {
  services: services.map((name) => `notebook_${name}`),
  containers: services.map((name) => `notebook_${name}.1`),
  networks: [...quiet.networks, "notebook_internal"],
  volumes: ["notebook_data"],
  secrets: ["notebook_session_key_v1"],
  configs: ["notebook_conf_v1"],
};

/**
 * The evidence of a run on an imaginary graphdriver host, from a model of what engine, hub and prune commands do:
 * the shape of a real run, in no time, every line of which a test may then change. The lines fit the schema.
 */
export function simulate(options: SimulationOptions = {}): Entry[] {
  return new Simulation(options).run().map((line) => schema.parse(line));
}

class Simulation {
  readonly #entries: Entry[] = [];
  readonly #scenarios: Scenario[];
  readonly #policy: Policy;
  readonly #reboots: boolean;
  #at: { host: string | null; scenario: string | null; step: string | null } = {
    host: null,
    scenario: null,
    step: null,
  };
  #now = 0;
  #requests = 0;
  #store: StoredImage[] = [];
  #inventory = quiet;
  #rx = 100_000;
  #boots = 1;
  #remaining = { account: 200, anonymous: 100 };
  #variant = "a";
  #fault: Extract<Step, { do: "fault" }> | undefined;

  constructor({
    policy = policies.reference,
    scenarios = defaultPlan(policy),
    reboots = false,
  }: SimulationOptions) {
    this.#policy = policy;
    this.#scenarios = scenarios;
    this.#reboots = reboots;
  }

  run(): Entry[] {
    this.#write("run", {
      evidenceVersion: 1,
      id: "20260102-030405-simulated",
      pullproof: "0.1.0",
      seed: "seed",
      account,
      claims: claimIds,
      baseImages: ["pullproof/base:1.0.0"],
      recipe: {
        name: "notebook",
        images: Object.fromEntries(services.map((name) => [name, `pullproof/${name}:1.0.0`])),
      },
      policy: this.#policy,
      scenarios: this.#scenarios,
    });
    this.#at = { host: "lab", scenario: null, step: null };
    this.#write("environment", environment);
    for (const name of ["base", ...services]) this.#write("published", published(name, "a"));
    for (const variant of ["b", "broken"]) this.#write("published", published("web", variant));
    this.#observe();
    for (const scenario of this.#scenarios) {
      this.#fault = undefined;
      for (const step of scenario.steps) this.#step(scenario.id, step);
    }
    this.#at = { host: null, scenario: null, step: null };
    this.#write("end", { completed: true, reason: null });
    return this.#entries;
  }

  #step(scenario: string, step: Step): void {
    this.#at = { host: "lab", scenario, step: step.id };
    this.#write("invoke", step);
    this.#write("outcome", this.#carryOut(step));
    this.#observe();
  }

  #carryOut(step: Step): Body<"outcome"> {
    const outcome: Body<"outcome"> = {
      status: "ok",
      seconds: 0.5,
      message: null,
      warnings: [],
      services: [],
      output: null,
    };
    switch (step.do) {
      case "pull":
        this.#pull("base", "a", account, ["pullproof/base:1.0.0"]);
        return outcome;
      case "deploy":
        return { ...outcome, ...this.#deploy(step) };
      case "teardown":
        this.#inventory = quiet;
        if (step.removeImages) this.#remove(({ tags }) => tags.length === 0);
        return outcome;
      case "prune":
        if (step.policy.command?.includes("-f")) this.#remove(({ tags }) => tags.length === 0);
        if (step.policy.command?.includes("-af")) this.#remove(() => true);
        return outcome;
      case "restart":
        this.#rx = 0;
        if (this.#reboots) this.#boots += 1;
        return outcome;
      case "evict":
        this.#remove(({ tags }) => tags.length === 0);
        return outcome;
      case "publish":
        this.#variant = step.image.variant;
        return outcome;
      case "fault":
        this.#fault = step;
        return outcome;
    }
  }

  #deploy(step: DeployStep): Partial<Body<"outcome">> {
    const as = step.registryAuth ? account : null;
    this.#inventory = busy;
    const began = this.#now;
    const up: Body<"outcome">["services"] = [];
    for (const name of services) {
      const override = step.images[name];
      const variant = override?.variant ?? (name === "web" ? this.#variant : "a");
      const image = published(name, variant);
      if (!this.#pull(name, variant, as, [], override?.pin ?? false)) {
        return { status: "fail", message: `notebook_${name} did not come up`, seconds: 20, services: up };
      }
      up.push({
        name: `notebook_${name}`,
        image: `pullproof/${name}:1.0.0@${image.digest}`,
        imageId: `sha256:id-${name}-${variant}`,
        running: true,
      });
    }
    return { services: up, seconds: 1 + (this.#now - began) / 1000 };
  }

  /** Makes the requests of a pull and stores the image. False when a fault struck. */
  #pull(name: string, variant: string, as: string | null, tags: string[], pinned = false): boolean {
    const image = published(name, variant);
    const faulty = name === "web" ? this.#fault?.fault : undefined;
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
    const stored = this.#store.some(({ id }) => id === `sha256:id-${name}-${variant}`);
    for (let i = 0; i < (stored ? 1 : 2); i += 1) {
      this.#remaining[as === null ? "anonymous" : "account"] -= 1;
      const manifest = { endpoint: "manifest", media: "manifest", bytes: 800, counted: true } as const;
      this.#request({ ...asked, ...manifest, reference: image.digest, digest: image.digest });
    }
    const config = { endpoint: "blob", media: "config", bytes: 1500, reference: image.config } as const;
    this.#request({ ...asked, ...config, digest: image.config });
    const local = new Set(this.#store.flatMap(({ layers }) => layers));
    for (const { digest, bytes } of image.layers) {
      if (local.has(diffOf(digest))) continue;
      const blob = { ...asked, endpoint: "blob", media: "layer", reference: digest, digest } as const;
      if (faulty === "broken-layer" && digest.includes("broken")) {
        this.#request({ ...blob, bytes: 1000, complete: false, fault: "broken-layer" });
        return false;
      }
      this.#request({ ...blob, bytes });
    }
    const id = `sha256:id-${name}-${variant}`;
    this.#write("event", {
      action: "pull",
      imageId: id,
      name: `${image.repository}:${image.tag}`,
      wall: wallAt(this.#now),
    });
    if (!stored) {
      this.#store = [
        ...this.#store,
        {
          id,
          tags,
          digests: [`${image.repository}@${image.digest}`],
          layers: image.layers.map(({ digest }) => diffOf(digest)),
          bytes: image.layers.reduce((sum, layer) => sum + 2 * layer.bytes, 0),
        },
      ];
    }
    return true;
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
    for (const { id } of this.#store.filter(accept)) {
      this.#write("event", { action: "delete", imageId: id, name: null, wall: wallAt(this.#now) });
    }
    this.#store = this.#store.filter((image) => !accept(image));
  }

  #observe(): void {
    this.#now += 50;
    const layers = new Set(this.#store.flatMap((image) => image.layers)).size;
    this.#write("images", { images: this.#store });
    this.#write("disk", {
      totalBytes: 100e9,
      usedBytes: 40e9,
      totalInodes: 1e6,
      usedInodes: 1e5,
      layersBytes: layers * 10e6,
    });
    this.#write("interface", { name: "eth0", rxBytes: this.#rx });
    this.#write("clock", { bootId: `boot-${this.#boots}`, uptimeSeconds: this.#now / 1000 });
    this.#write("inventory", this.#inventory);
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

function published(name: string, variant: string): Body<"published"> {
  const image: ImageVariant = { repository: `pullproof/${name}`, tag: "1.0.0", variant };
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

const diffOf = (digest: string) => digest.replace("layer", "diff");

const wallAt = (milliseconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + milliseconds).toISOString();

const environment: Body<"environment"> = {
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
