import * as z from "zod";
import { type ClaimId, claimIds } from "./claim.ts";

/** What a deploy should find: the checkers judge it against this, the runner only carries it. */
export const expectations = ["cold", "cached", "new-digest", "unresolvable", "broken"] as const;

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
  /** Makes the hub answer badly for one image until the scenario ends. */
  z.object({
    ...id,
    do: z.literal("fault"),
    fault: z.enum(["vanished-tag", "broken-layer"]),
    image: imageVariant,
  }),
]);
export type Step = z.infer<typeof step>;
export type DeployStep = Extract<Step, { do: "deploy" }>;
export type PruneStep = Extract<Step, { do: "prune" }>;

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
