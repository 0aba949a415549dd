import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import * as z from "zod";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { canRunGuest } from "../vm/spec.ts";

/** The file that is read from the working directory, if it is there. */
export const settingsFile = "pullproof.yaml";

const count = z.number().int().positive();

/**
 * Settings of a verification and their defaults. Sizes and rates are bytes and bytes per second; the hub's
 * limits are Docker Hub's at the time of writing (https://docs.docker.com/docker-hub/usage/): 200 pulls in six
 * hours for a personal account, 100 for an anonymous address.
 */
export const settingsSchema = z.strictObject({
  hosts: z
    .array(z.enum(["lab", "vm", "live"]))
    .min(1)
    .default(canRunGuest ? ["lab", "vm"] : ["lab"]),
  /** The Docker context, or the address in DOCKER_HOST's form, of a live host; neither is this machine's socket. */
  context: z.string().min(1).optional(),
  dockerHost: z.string().min(1).optional(),
  /** Whether a live host may be pruned, and rebooted. */
  allowPrune: z.boolean().default(false),
  allowReboot: z.boolean().default(false),
  reboot: z.enum(["soft", "hard", "both"]).default("both"),
  imageStore: z.enum(["graphdriver", "containerd"]).default("graphdriver"),
  deployer: z.enum(["auto", "abra", "stack"]).default("auto"),
  registryAuth: z.boolean().default(true),
  prepull: z.boolean().default(false),
  prune: z.string().default("reference"),
  recipe: z.string().optional(),
  /** Code to audit, and documents in which operators look: files and folders. */
  audit: z.array(z.string().min(1)).default([]),
  documents: z.array(z.string().min(1)).default([]),
  samples: count.max(1_000).default(5),
  seed: z.string().default("pullproof"),
  account: z
    .string()
    .regex(/^[a-z0-9-]{4,30}$/)
    .default("pullproof-ci"),
  layerBytes: count.default(6_000_000),
  hub: z
    .strictObject({
      bytesPerSecond: count.nullable().default(3_000_000),
      anonymous: z.enum(["allowed", "refused"]).default("allowed"),
      accountLimit: count.nullable().default(200),
      anonymousLimit: count.nullable().default(100),
      windowSeconds: count.default(21_600),
    })
    .prefault({}),
});

export type Settings = z.infer<typeof settingsSchema>;

/**
 * Settings from the file, with what the command line gave on top. Throws a Failure: bad configuration when the
 * file is at fault, usage when an option is.
 */
export function loadSettings(options: Record<string, unknown>, path = settingsFile): Settings {
  const fromFile = existsSync(path) ? readSettings(path) : {};
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const parsed = settingsSchema.safeParse({ ...fromFile, ...given });
  if (parsed.success) return parsed.data;
  throw new Failure(ExitCode.usage, {
    what: "an option has a value that it cannot have",
    seen: z.prettifyError(parsed.error),
    next: "pullproof verify --help",
  });
}

function readSettings(path: string): z.input<typeof settingsSchema> {
  const broken = (seen: string, cause?: unknown) =>
    new Failure(ExitCode.config, {
      what: "the settings file is broken",
      seen: `${path}: ${seen}`,
      next: `correct ${path}, or move it away to run with the defaults`,
      cause,
    });
  let content: unknown;
  try {
    content = parse(readFileSync(path, "utf8")) ?? {};
  } catch (thrown) {
    throw broken(messageOf(thrown), thrown);
  }
  const parsed = settingsSchema.safeParse(content);
  if (!parsed.success) throw broken(z.prettifyError(parsed.error));
  return content as z.input<typeof settingsSchema>;
}
