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
});
export type ImageVariant = z.infer<typeof imageVariant>;

/** A prune run to be judged: the shipped reference policy, or a shell command run on the host under test. */
export const policy = z.object({
  name: z.string(),
  title: z.string(),
  /** Null is the reference policy, which talks to the engine API and runs no command. */
  command: z.string().nullable(),
});
export type Policy = z.infer<typeof policy>;

const id = { id: z.string() };

/** One step of a scenario. Data only: what it takes to carry a step out is the runner's business. */
export const step = z.discriminatedUnion("do", [
  /** An ordinary `docker pull` by tag, as an operator does for a base image. */
  z.object({ ...id, do: z.literal("pull"), image: z.string() }),
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
  z.object({ ...id, do: z.literal("prune"), policy }),
  /** Restarts the host under test; whether that was a reboot is told by the boot id. */
  z.object({ ...id, do: z.literal("restart") }),
  /** Removes the recipe's images, announced, so that the next deploy is cold. Never on a live host. */
  z.object({ ...id, do: z.literal("evict") }),
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
