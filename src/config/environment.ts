import { ExitCode, Failure } from "../model/failure.ts";
import { type SettingKey, type SettingSchema, setAt, variablePrefix } from "./keys.ts";
import type { Layer } from "./layers.ts";
import { closest, didYouMean } from "./suggest.ts";

/**
 * What the environment says: a variable for each key, lists with commas between their elements. An empty variable is
 * an unset one. Throws a Failure (bad configuration) for a variable that seems to be a misspelt one of these: the run
 * would judge something else than was asked for.
 */
export function environmentLayer(env: NodeJS.ProcessEnv, keys: readonly SettingKey[]): Layer {
  requireKnown(env, keys);
  const content: Record<string, unknown> = {};
  for (const { path, variable, schema } of keys) {
    const text = env[variable];
    if (text) setAt(content, path, readText(text, schema));
  }
  const variableOf = (path: readonly PropertyKey[]) =>
    keys.find((key) => key.path.every((part, depth) => path[depth] === part))?.variable;
  return {
    source: "environment",
    content,
    origin: ({ variable }) => variable,
    place: (path) => variableOf(path) ?? "the environment",
    blame: {
      exitCode: ExitCode.config,
      what: "an environment variable has a value that it cannot have",
      next: "correct it or unset it; pullproof.schema.json has every setting",
    },
  };
}

/** Variables that begin as a setting's does, and are none: left alone, because they may be for something else. */
export function otherVariables(env: NodeJS.ProcessEnv, keys: readonly SettingKey[]): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(variablePrefix) && !keys.some(({ variable }) => variable === name))
    .sort();
}

function requireKnown(env: NodeJS.ProcessEnv, keys: readonly SettingKey[]): void {
  const endings = keys.map(({ variable }) => variable.slice(variablePrefix.length));
  const misspelt = otherVariables(env, keys).flatMap((name) => {
    // The beginning that all share would make any two of them alike.
    const meant = closest(name.slice(variablePrefix.length), endings);
    return meant === undefined ? [] : [`${name}${didYouMean(variablePrefix + meant)}`];
  });
  if (misspelt.length === 0) return;
  throw new Failure(ExitCode.config, {
    what: "an environment variable looks like a setting, and is none",
    seen: misspelt.join("\n    "),
    next: "rename it or unset it; pullproof.schema.json has every setting",
  });
}

/** The value that a text stands for; the text itself where it stands for none, which the schema then refuses. */
function readText(text: string, schema: SettingSchema): unknown {
  const { items } = schema;
  if (items !== undefined) return text.split(",").map((element) => readText(element.trim(), items));
  const types = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type);
  if (types.includes("null") && text === "null") return null;
  if (types.includes("boolean") && ["true", "false"].includes(text)) return text === "true";
  if (types.some((type) => type === "integer" || type === "number") && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  return text;
}
