import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { parse } from "yaml";
import * as z from "zod";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { isReference } from "../model/reference.ts";

const composeFile = z.object({
  services: z
    .record(
      z.string().regex(/^[\w.-]+$/, "this is no name of a service"),
      z.object({ image: z.string().refine(isReference, "this is no image reference") }),
    )
    .refine((services) => Object.keys(services).length > 0, "there is no service"),
  secrets: z.record(z.string(), z.object({ name: z.string().optional() })).optional(),
});

/** A secret that has to exist before the recipe can be deployed. */
export interface RecipeSecret {
  /** `session_key`: its key in compose.yml. */
  name: string;
  version: string;
  /** Characters, from the `# length=` comment in .env.sample. */
  length: number;
}

/** An abra recipe, read from its folder. */
export interface Recipe {
  name: string;
  folder: string;
  /** Image reference of each service, as compose.yml names it. */
  images: Record<string, string>;
  /** The variables of .env.sample. */
  env: Record<string, string>;
  secrets: RecipeSecret[];
}

/** abra generates secrets of this length where a recipe names none. */
const defaultSecretLength = 32;

/** Reads a recipe. Throws a Failure (bad configuration) when the folder does not hold one. */
export function readRecipe(path: string): Recipe {
  const folder = resolve(path);
  const name = basename(folder);
  // It becomes a part of paths and of what abra is told.
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw new Failure(ExitCode.config, {
      what: "the recipe's folder has a name that no recipe can have",
      seen: folder,
      next: "name it with letters, digits, dots, dashes and underscores, and a letter or digit first",
    });
  }
  const compose = join(folder, "compose.yml");
  if (!existsSync(compose)) {
    throw new Failure(ExitCode.config, {
      what: "the recipe has no compose.yml",
      seen: compose,
      next: "name the folder of an abra recipe: pullproof verify --recipe fixtures/recipes/notebook",
    });
  }
  const parsed = composeFile.safeParse(parseYaml(compose));
  if (!parsed.success) {
    throw new Failure(ExitCode.config, {
      what: "the recipe's compose.yml is not a compose file with an image for each service",
      seen: `${compose}: ${z.prettifyError(parsed.error)}`,
      next: `correct ${compose}`,
    });
  }
  const sample = join(folder, ".env.sample");
  const sampleText = existsSync(sample) ? readFileSync(sample, "utf8") : "";
  return {
    name,
    folder,
    images: Object.fromEntries(
      Object.entries(parsed.data.services).map(([service, { image }]) => [service, image]),
    ),
    env: parseEnv(sampleText) as Record<string, string>,
    secrets: Object.keys(parsed.data.secrets ?? {}).map((name) => secretOf(name, sampleText)),
  };
}

/** `SECRET_SESSION_KEY_VERSION=v1 # length=32` in .env.sample describes the secret `session_key`. */
function secretOf(name: string, sample: string): RecipeSecret {
  const key = `SECRET_${name.toUpperCase()}_VERSION`;
  const line = sample.split("\n").find((candidate) => candidate.startsWith(`${key}=`)) ?? "";
  return {
    name,
    version: parseEnv(line)[key] ?? "v1",
    length: Number(/#.*\blength=(\d+)/.exec(line)?.[1] ?? defaultSecretLength),
  };
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    throw new Failure(ExitCode.config, {
      what: "the recipe's compose.yml is not YAML",
      seen: `${path}: ${messageOf(thrown)}`,
      next: `correct ${path}`,
      cause: thrown,
    });
  }
}

/** The stack that abra makes of a domain: dots become underscores. */
export function stackName(domain: string): string {
  return domain.replaceAll(".", "_");
}
