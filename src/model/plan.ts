import * as z from "zod";
import { type ClaimId, claimIds } from "./claim.ts";

/**
 * What a deploy should find: the checkers judge it against this, the runner only carries it. `refused`: every layer is
 * there, and it fails all the same, because the hub does not say what the tag means.
 */
export const expectations = ["cold", "cached", "new-digest", "unresolvable", "broken", "refused"] as const;

const claimId = z.enum(claimIds as [ClaimId, ...ClaimId[]]);

/** One tag of one fixture image. The variant tells contents apart that share a tag. */
export const imageVariant = z.object({
  repository: z.string(),
  tag: z.string(),
  variant: z.string(),
  /** The time of creation that its config tells, in days before the run; left out: when it was built. */
  builtDaysAgo: z.number().nonnegative().optional(),
});
export type ImageVariant = z.infer<typeof imageVariant>;

/** What may be going on at the host while a prune run is made: see src/runner/activities.ts. */
export const activities = ["lock", "pull", "convergence", "second-prune"] as const;
export type ActivityName = (typeof activities)[number];

/** How a host may be started anew. */
export const restartManners = ["restart", "reboot", "power-cut"] as const;
export type RestartManner = (typeof restartManners)[number];

/** What may befall a host while it pulls: see src/runner/interruptions.ts. */
export const interruptions = ["engine-kill", "full-disk", "power-cut"] as const;
export type InterruptionName = (typeof interruptions)[number];

/**
 * How Docker Hub as a whole may fail. `down`: every connection is cut before there is an answer. `rate-limited`: every
 * manifest request is answered 429, the HEAD that checks a tag too, as its abuse rate limit does; `spent-budget`: only
 * manifest GETs are, which count as pulls (docs.docker.com/docker-hub/usage).
 */
export const outages = ["down", "rate-limited", "spent-budget"] as const;
export type OutageName = (typeof outages)[number];

/** A prune run to be judged: a shell command that is run on the host under test. */
export const policy = z.object({
  name: z.string(),
  title: z.string(),
  command: z.string(),
});
export type Policy = z.infer<typeof policy>;

const id = { id: z.string() };

/** One step of a scenario. Data only: what it takes to carry a step out is the runner's business. */
export const step = z.discriminatedUnion("do", [
  /** An ordinary `docker pull` by tag, as an operator does for a base image. */
  z.object({ ...id, do: z.literal("pull"), image: z.string() }),
  /**
   * A pull of a published image. By digest it is left without a tag on graphdriver, as after a swarm's own pull; by
   * tag it keeps one, as after a prepull.
   */
  z.object({ ...id, do: z.literal("pull-variant"), image: imageVariant, by: z.enum(["digest", "tag"]) }),
  z.object({
    ...id,
    do: z.literal("deploy"),
    expect: z.enum(expectations),
    registryAuth: z.boolean(),
    /** Pull each image by tag before the deploy. */
    prepull: z.boolean(),
    /** Replaces the image of a service; pinned by digest when `pin` is set. */
    images: z.record(z.string(), imageVariant.extend({ pin: z.boolean() })),
    /** How long the services may take to come up before the deploy has failed. */
    timeoutSeconds: z.number().positive(),
    /** Counts as a timing sample of PC3.2. */
    sample: z.boolean(),
  }),
  /** `removeImages` is what PC1.4 forbids: only a control sets it. */
  z.object({ ...id, do: z.literal("teardown"), removeImages: z.boolean() }),
  z.object({
    ...id,
    do: z.literal("prune"),
    policy,
    /** What is going on meanwhile; null for a host at rest. */
    during: z.enum(activities).nullable().default(null),
    /** The image that is pulled meanwhile, by tag, where `during` is `pull`. */
    pulls: imageVariant.nullable().default(null),
  }),
  /** Restarts the host under test; whether that was a reboot is told by the boot id. */
  /**
   * `restart`: the engine's processes start anew under the same kernel. `reboot`: the machine does, told so from
   * within. `power-cut`: it is turned off without a warning and on again.
   */
  z.object({ ...id, do: z.literal("restart"), manner: z.enum(restartManners).default("restart") }),
  /** The image store moves into memory, so that the next reboot empties it: only a control does that. */
  z.object({ ...id, do: z.literal("volatile-store") }),
  /** Removes the recipe's images, announced, so that the next deploy is cold. Never on a live host. */
  z.object({ ...id, do: z.literal("evict") }),
  /** Builds an image without a name on the host, as the left-over of a build is. */
  z.object({ ...id, do: z.literal("build") }),
  /** Makes a container of an image that is there, and never starts it. */
  z.object({ ...id, do: z.literal("create-container"), image: imageVariant }),
  /** Lets time pass, as far as the host's record of use is concerned: every use in it is so much longer ago. */
  z.object({ ...id, do: z.literal("age"), days: z.number().positive() }),
  /**
   * Fills the file system of the data root with ballast up to this share, or takes ballast away. Only on a lab
   * whose data root is a small file system of its own. 0 takes all ballast away.
   */
  z.object({ ...id, do: z.literal("fill"), share: z.number().min(0).max(1) }),
  /** Removes every container, image and record of use: a host as new. Never on a live host. */
  z.object({ ...id, do: z.literal("reset") }),
  /** Pushes an image to the hub, moving its tag. */
  z.object({ ...id, do: z.literal("publish"), image: imageVariant }),
  /** Makes the hub answer badly for one image, until the scenario ends or the faults are lifted. */
  z.object({
    ...id,
    do: z.literal("fault"),
    fault: z.enum(["vanished-tag", "broken-layer", "truncated-layer"]),
    image: imageVariant,
  }),
  /** Makes the hub fail as a whole, until the scenario ends or the faults are lifted. */
  z.object({ ...id, do: z.literal("outage"), outage: z.enum(outages) }),
  /** The hub answers as it should again. */
  z.object({ ...id, do: z.literal("lift-faults") }),
  /**
   * Begins an ordinary pull by tag over a slow line, and strikes once one layer has come whole and another is on its
   * way. Ends when the pull has, and the engine answers. Never on a live host.
   */
  z.object({ ...id, do: z.literal("interrupt"), by: z.enum(interruptions), pulls: imageVariant }),
]);
export type Step = z.infer<typeof step>;
export type DeployStep = Extract<Step, { do: "deploy" }>;
export type PruneStep = Extract<Step, { do: "prune" }>;
export type InterruptStep = Extract<Step, { do: "interrupt" }>;

/** An ordered list of steps with stable ids. */
export const scenario = z.object({
  id: z.string(),
  title: z.string(),
  /** The claims that this scenario gives evidence for; for a control, the claims that it must break. */
  claims: z.array(claimId),
  control: z.boolean(),
  steps: z.array(step),
});
export type Scenario = z.infer<typeof scenario>;
