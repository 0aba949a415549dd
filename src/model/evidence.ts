import * as z from "zod";
import { type ClaimId, claimIds } from "./claim.ts";
import { activities, imageVariant, policy, scenario, step } from "./plan.ts";

/** The version of the evidence format; docs/evidence-format.md describes it. */
export const evidenceVersion = 1;

const strings = z.array(z.string());
const claimId = z.enum(claimIds as [ClaimId, ...ClaimId[]]);

/** First line of a run: what was asked for, and the plan. */
const run = z.object({
  evidenceVersion: z.literal(evidenceVersion),
  id: z.string(),
  pullproof: z.string(),
  seed: z.string(),
  /** The account that every request to docker.io is expected to run as. */
  account: z.string(),
  /** The claims that were asked for. */
  claims: z.array(claimId),
  /** Images that must never be evicted, as `repository:tag`. */
  baseImages: strings,
  recipe: z.object({ name: z.string(), images: z.record(z.string(), z.string()) }),
  /** The kinds of host that were asked for, and how a machine among them is rebooted; unknown of older runs. */
  hosts: strings.optional(),
  reboot: z.string().optional(),
  policy,
  scenarios: z.array(scenario),
});

/** What the run ran on. */
const environment = z.object({
  engine: z.object({
    version: z.string(),
    apiVersion: z.string(),
    imageStore: z.enum(["graphdriver", "containerd"]),
    storageDriver: z.string(),
    dataRoot: z.string(),
    kernel: z.string(),
    os: z.string(),
    cpus: z.number(),
    memoryBytes: z.number(),
  }),
  swarmNodes: z.number(),
  /** How a host was reached that is not the run's own: `unix:///var/run/docker.sock`, `ssh://…`. */
  address: z.string().optional(),
  /** The stack that a run deploys there, where others are deployed as well. */
  stack: z.string().optional(),
  /** What a virtual machine is run by: `kvm`, or `tcg`, which is emulation; left out for other hosts. */
  accelerator: z.string().optional(),
  /** Image of each service of the recipe that is deployed on this host; left out where it is the run's. */
  recipeImages: z.record(z.string(), z.string()).optional(),
  /** What could stand between the engine and docker.io. A null was not readable, and so is unknown. */
  pullPath: z.object({
    mirrors: strings.nullable(),
    proxies: strings.nullable(),
    preferOffline: z.boolean().nullable(),
    /** Files under containerd's and the engine's certs.d that redirect docker.io. */
    hostsFiles: strings.nullable(),
  }),
  deployer: z.object({
    name: z.string(),
    version: z.string(),
    /** Whether it was told to send credentials; null when the deployer decides that itself. */
    registryAuth: z.boolean().nullable(),
    prepull: z.boolean(),
  }),
  /** Null on a live host, which pulls from Docker Hub itself: there is no ledger then. */
  hub: z
    .object({
      registry: z.string(),
      bytesPerSecond: z.number().nullable(),
      anonymous: z.string(),
      accountLimit: z.number().nullable(),
      anonymousLimit: z.number().nullable(),
      windowSeconds: z.number(),
    })
    .nullable(),
  controller: z.object({
    node: z.string(),
    cpus: z.number(),
    memoryBytes: z.number(),
    /** The engine that carries the lab; null where there is none. */
    engine: z.string().nullable(),
  }),
});

/** An image as the registry has it. Layer sizes are compressed bytes, as they travel. */
const published = imageVariant.extend({
  digest: z.string(),
  config: z.string(),
  layers: z.array(z.object({ digest: z.string(), bytes: z.number() })),
});

const outcome = z.object({
  /** `info` means that the outcome is unknown. */
  status: z.enum(["ok", "fail", "info"]),
  seconds: z.number(),
  /** Why it did not end `ok`; null when it did. */
  message: z.string().nullable(),
  /** Warnings of the tools that were run, such as a reference that did not resolve. */
  warnings: strings,
  /** The services that were up, or not, when a deploy ended. */
  services: z.array(
    z.object({
      name: z.string(),
      /** The reference in the service spec, with the digest where it was resolved. */
      image: z.string(),
      /** The ID of the image that the running container was made from; null when none runs. */
      imageId: z.string().nullable(),
      running: z.boolean(),
    }),
  ),
  /** The last lines that a prune command or a tool printed. */
  output: z.string().nullable(),
  /** Exit code of a prune command; left out for other steps. */
  exitCode: z.number().optional(),
});

/** One request at the hub: see LedgerEntry in src/hub/ledger.ts. */
const request = z.object({
  n: z.number(),
  wall: z.string(),
  start: z.number(),
  end: z.number(),
  account: z.string().nullable(),
  credentials: z.enum(["none", "bearer", "basic", "oauth"]),
  endpoint: z.enum(["token", "ping", "manifest", "blob", "other"]),
  method: z.string(),
  repository: z.string().nullable(),
  reference: z.string().nullable(),
  digest: z.string().nullable(),
  status: z.number(),
  bytes: z.number(),
  media: z.enum(["index", "manifest", "config", "layer", "token", "none", "unknown"]),
  complete: z.boolean(),
  counted: z.boolean(),
  fault: z.string().nullable(),
  userAgent: z.string(),
});

const storedImage = z.object({
  id: z.string(),
  tags: strings,
  /** `repository@sha256:…` */
  digests: strings,
  /** Digests of the uncompressed layers (diff IDs), bottom first. */
  layers: strings,
  bytes: z.number(),
});

/** What prunes a host's cache in the code and the documents that a run was told of. */
const audit = z.object({
  /** As they were given. */
  paths: strings,
  /** Files that were scanned. */
  files: z.number(),
  /** What was not, by the reason. */
  skipped: z.array(z.object({ reason: z.string(), count: z.number() })),
  findings: z.array(
    z.object({
      /** Id of a rule in docs/audit.md. */
      rule: z.string(),
      severity: z.enum(["error", "warning", "note"]),
      file: z.string(),
      line: z.number(),
      /** At most 200 characters of the line, without obvious credentials. */
      excerpt: z.string(),
      /** Why somebody let it stay, and the last day on which that holds; null for a finding that counts. */
      waiver: z.object({ reason: z.string(), until: z.string().nullable() }).nullable(),
    }),
  ),
  documents: z.object({
    paths: strings,
    files: z.array(
      z.object({
        path: z.string(),
        sha256: z.string(),
        /** Whether it names the judged prune command. */
        namesCommand: z.boolean(),
      }),
    ),
  }),
});

const bodies = {
  run,
  audit,
  environment,
  published,
  /** A step begins. Its plan is repeated here so that the history stands by itself. */
  invoke: step,
  outcome,
  request,
  /** The image store, whole. */
  images: z.object({ images: z.array(storedImage) }),
  /** The file system of the data root (statfs), and the bytes of all layers as the engine counts them. */
  disk: z.object({
    /** Without what is reserved for root, as df counts. */
    totalBytes: z.number(),
    usedBytes: z.number(),
    totalInodes: z.number(),
    usedInodes: z.number(),
    layersBytes: z.number(),
  }),
  /** Received bytes of the host's network interface since it came up. */
  interface: z.object({ name: z.string(), rxBytes: z.number() }),
  /**
   * Bytes that the engine's own systemd units received since they started, by systemd's IP accounting: what apps
   * receive is not in it. Left out where systemd does not account.
   */
  accounting: z.object({ units: strings, rxBytes: z.number() }),
  /** An engine event about an image. */
  event: z.object({ action: z.string(), imageId: z.string(), name: z.string().nullable(), wall: z.string() }),
  /** A sentinel event was sent, and seen or not: with it, the event stream up to here is complete. */
  fence: z.object({ seen: z.boolean(), detail: z.string() }),
  /** Docker Hub's rate-limit headers for one identity; null is unknown, never "fine". */
  ratelimit: z.object({
    identity: z.enum(["account", "anonymous"]),
    limit: z.number().nullable(),
    remaining: z.number().nullable(),
    windowSeconds: z.number().nullable(),
    source: z.string().nullable(),
  }),
  clock: z.object({ bootId: z.string(), uptimeSeconds: z.number() }),
  /** Names of everything but images that exists on the host. */
  inventory: z.object({
    services: strings,
    containers: strings,
    networks: strings,
    volumes: strings,
    secrets: strings,
    configs: strings,
  }),
  /** What uses images: every container in any state, every service with its previous spec. */
  uses: z.object({
    containers: z.array(z.object({ name: z.string(), state: z.string(), imageId: z.string() })),
    services: z.array(
      z.object({ name: z.string(), image: z.string(), previousImage: z.string().nullable() }),
    ),
  }),
  /** Something that went on around a prune run, and whether it was seen to go on right before and right after. */
  activity: z.object({
    name: z.enum(activities),
    before: z.boolean(),
    after: z.boolean(),
    /** How that was seen, and how it ended. */
    detail: z.string(),
  }),
  /** A witness could not observe. */
  gap: z.object({ witness: z.string(), reason: z.string() }),
  /** Last line of a run that was not cut short. */
  end: z.object({ completed: z.boolean(), reason: z.string().nullable() }),
};

const header = {
  seq: z.number().int().positive(),
  wall: z.iso.datetime(),
  /** Milliseconds of the controller's monotonic clock since it started. */
  mono: z.number(),
  /** Boot id of the host under test, as far as it is known. */
  boot: z.string().nullable(),
  host: z.string().nullable(),
  scenario: z.string().nullable(),
  step: z.string().nullable(),
  /** The witness, or the part of pullproof, that saw it. */
  source: z.string(),
};

function entryOf<K extends keyof typeof bodies>(kind: K) {
  return z.object({ ...header, kind: z.literal(kind), data: bodies[kind] });
}

/** One line of evidence.jsonl. */
export const entry = z.discriminatedUnion("kind", [
  entryOf("run"),
  entryOf("audit"),
  entryOf("environment"),
  entryOf("published"),
  entryOf("invoke"),
  entryOf("outcome"),
  entryOf("request"),
  entryOf("images"),
  entryOf("disk"),
  entryOf("interface"),
  entryOf("accounting"),
  entryOf("event"),
  entryOf("fence"),
  entryOf("ratelimit"),
  entryOf("clock"),
  entryOf("inventory"),
  entryOf("uses"),
  entryOf("activity"),
  entryOf("gap"),
  entryOf("end"),
]);

export type Entry = z.infer<typeof entry>;
export type Kind = Entry["kind"];
/** The entry of one kind. */
export type EntryOf<K extends Kind> = Extract<Entry, { kind: K }>;
/** The body of one kind of entry. */
export type Body<K extends Kind> = EntryOf<K>["data"];
export type StoredImage = z.infer<typeof storedImage>;
