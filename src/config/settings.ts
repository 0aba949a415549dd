import * as z from "zod";
import { ExitCode } from "../model/failure.ts";
import { canRunGuest } from "../vm/spec.ts";
import { dockerHostProblem } from "./docker-host.ts";
import { environmentLayer } from "./environment.ts";
import { keysOf } from "./keys.ts";
import { type Layer, type Resolved, resolveLayers } from "./layers.ts";
import { policyProblem } from "./policies.ts";
import { fileLayer } from "./settings-file.ts";

/** The file that is read from the working directory, if it is there. */
export const settingsFile = "pullproof.yaml";

const count = z.number().int().positive();

/** A text that a function may have something to say against; that, and what it says, is the problem. */
const checkedText = (problem: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const message = problem(text);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

const paths = z.array(z.string().min(1, "name a file or a folder")).default([]);

/**
 * Settings of a verification and their defaults. Sizes and rates are bytes and bytes per second; the hub's
 * limits are Docker Hub's at the time of writing (https://docs.docker.com/docker-hub/usage/): 200 pulls in six
 * hours for a personal account, 100 for an anonymous address. The descriptions are those of pullproof.schema.json.
 */
export const settingsSchema = z
  .strictObject({
    hosts: z
      .array(z.enum(["lab", "vm", "live"]))
      .min(1, "name at least one kind of host")
      .default(canRunGuest ? ["lab", "vm"] : ["lab"])
      .describe(
        "Kinds of host to judge: labs, a virtual machine that truly reboots, an existing server; by default all that the run makes itself",
      ),
    context: z
      .string()
      // What Docker allows as a context's name (restrictedNamePattern of docker/cli).
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/, "expected the name of a Docker context")
      .optional()
      .describe("Docker context of the live host"),
    dockerHost: checkedText(dockerHostProblem)
      .optional()
      .describe("Engine of the live host: a unix:// or ssh:// URL; excludes context"),
    allowPrune: z
      .boolean()
      .default(false)
      .describe("Whether the prune run may be carried out on a live host"),
    allowReboot: z.boolean().default(false).describe("Whether a live host may be rebooted"),
    reboot: z
      .enum(["soft", "hard", "both"])
      .default("both")
      .describe("How the machine reboots: told from within, by a power cut, or one of each"),
    imageStore: z
      .enum(["graphdriver", "containerd"])
      .default("graphdriver")
      .describe("How the lab's engine stores images"),
    deployer: z
      .enum(["auto", "abra", "stack"])
      .default("auto")
      .describe("How the recipe is deployed; auto is abra where it is found, else docker stack deploy"),
    registryAuth: z.boolean().default(true).describe("Whether deploys send registry credentials"),
    prepull: z.boolean().default(false).describe("Whether each image is pulled by tag before a deploy"),
    prune: checkedText(policyProblem)
      .default("reference")
      .describe("The prune run to judge: a policy of fixtures/policies/, or a shell command for the host"),
    recipe: z
      .string()
      .optional()
      .describe(
        "The abra recipe to deploy: its folder, or a name below ~/.abra/recipes; the fixture's by default",
      ),
    audit: paths.describe("Harness, janitor and CI code to audit: files and folders"),
    documents: paths.describe("Where operators look for the prune policy: files and folders"),
    samples: count.max(1_000).default(5).describe("How many cold and how many warm deploys are timed"),
    seed: z.string().default("pullproof").describe("Decides the content of the fixture's layers"),
    account: z
      .string()
      .regex(/^[a-z0-9-]{4,30}$/, "expected an account's name: 4 to 30 of a-z, 0-9 and -")
      .optional()
      .describe(
        "The account that every request to docker.io must run as; by default the one that the live host is logged in as, in labs one of their own",
      ),
    keepRuns: count.default(30).describe("How many runs a night keeps under reports/"),
    keepDays: count.default(90).describe("For how many days a night keeps runs under reports/"),
    layerBytes: count.default(6_000_000).describe("Bytes of the own layer of each image of the fixture"),
    hub: z
      .strictObject({
        bytesPerSecond: count
          .nullable()
          .default(3_000_000)
          .describe("Bandwidth in bytes per second; null is unlimited"),
        anonymous: z
          .enum(["allowed", "refused"])
          .default("allowed")
          .describe("Whether the hub answers anonymous pulls"),
        accountLimit: count
          .nullable()
          .default(200)
          .describe("Pulls of the account in a window; null is unlimited"),
        anonymousLimit: count
          .nullable()
          .default(100)
          .describe("Pulls of an anonymous address in a window; null is unlimited"),
        windowSeconds: count.default(21_600).describe("Length of that window in seconds"),
      })
      .prefault({})
      .describe("The lab's stand-in for Docker Hub"),
  })
  .refine(({ context, dockerHost }) => context === undefined || dockerHost === undefined, {
    path: ["dockerHost"],
    message: "context names an engine already; keep one of them",
  });

/** The account of a lab's hub where the settings name none. */
export const fixtureAccount = "pullproof-ci";

export type Settings = z.output<typeof settingsSchema>;

/** Every setting, in the order of the schema. */
export const settingKeys = keysOf(settingsSchema);

/** Where settings are taken from beside the options. */
interface Places {
  path?: string | undefined;
  env?: NodeJS.ProcessEnv | undefined;
}

/** Values from the command line, nested as the schema is, and the option that gave each of them, by key: `--samples`. */
export interface Given {
  values: Record<string, unknown>;
  flags?: Readonly<Record<string, string>>;
}

/**
 * Settings with the origin of each: the file, the environment and the command line, the stronger ones last. Throws a
 * Failure: bad configuration when the file or the environment is at fault, usage when an option is.
 */
export function resolveSettings(
  given: Given,
  { path = settingsFile, env = process.env }: Places = {},
): Resolved<Settings> {
  const file = fileLayer(path);
  const layers = [...(file === null ? [] : [file]), environmentLayer(env, settingKeys), optionLayer(given)];
  return resolveLayers(settingsSchema, settingKeys, layers);
}

/** `resolveSettings` for who does not ask where a value came from. */
export function loadSettings(
  values: Record<string, unknown>,
  path?: string,
  env?: NodeJS.ProcessEnv,
): Settings {
  return resolveSettings({ values }, { path, env }).settings;
}

function optionLayer({ values, flags = {} }: Given): Layer {
  return {
    source: "option",
    content: values,
    origin: ({ name }) => flags[name] ?? name,
    place: ([first = ""]) => flags[String(first)] ?? String(first),
    blame: {
      exitCode: ExitCode.usage,
      what: "an option has a value that it cannot have",
      next: "pullproof verify --help",
    },
  };
}
