import type * as z from "zod";
import { ExitCode, Failure } from "../model/failure.ts";
import { type SettingKey, setAt, valueAt } from "./keys.ts";
import { problemsOf } from "./problems.ts";

/** Where the value of a setting came from. */
export interface Origin {
  source: "default" | "file" | "environment" | "option";
  /** `pullproof.yaml:3`, `PULLPROOF_SAMPLES` or `--samples`; null for a default. */
  where: string | null;
}

/** One place that settings are taken from. */
export interface Layer {
  source: Exclude<Origin["source"], "default">;
  /** What it says, nested as the schema is, and not judged yet. */
  content: unknown;
  /** Where it says so: as an `Origin` tells it. */
  origin(key: SettingKey): string;
  /** The same for a message about any path, that of an unknown key too. */
  place(path: readonly PropertyKey[]): string;
  /** What the error about this layer says beside its problems. */
  blame: { exitCode: ExitCode; what: string; next: string };
}

/** Settings with the origin of each value, by the name of its key. */
export interface Resolved<T> {
  settings: T;
  origins: Readonly<Record<string, Origin>>;
}

/** Keys that say the same thing in two ways: the stronger place decides which of them counts. */
const rivals: Readonly<Record<string, string>> = { context: "dockerHost", dockerHost: "context" };

/**
 * Settings from several places, the weakest first: each key has the value of the strongest place that names it. Every
 * place is judged by itself, so that a mistake is told where it was made, even where a stronger place hides it.
 * Throws a Failure with all mistakes of the first place that has any.
 */
export function resolveLayers<T extends z.ZodType>(
  schema: T,
  keys: readonly SettingKey[],
  layers: readonly Layer[],
): Resolved<z.output<T>> {
  const given = new Map<string, { key: SettingKey; value: unknown; origin: Origin }>();
  for (const layer of layers) {
    requireSound(schema, keys, layer);
    for (const key of keys) {
      const value = valueAt(layer.content, key.path);
      if (value === undefined) continue;
      given.set(key.name, { key, value, origin: { source: layer.source, where: layer.origin(key) } });
      given.delete(rivals[key.name] ?? "");
    }
  }
  const content: Record<string, unknown> = {};
  for (const { key, value } of given.values()) setAt(content, key.path, value);
  const unset: Origin = { source: "default", where: null };
  return {
    settings: schema.parse(content),
    origins: Object.fromEntries(keys.map(({ name }) => [name, given.get(name)?.origin ?? unset])),
  };
}

function requireSound(schema: z.ZodType, keys: readonly SettingKey[], layer: Layer): void {
  const { error } = schema.safeParse(layer.content);
  if (error === undefined) return;
  const { exitCode, what, next } = layer.blame;
  const lines = problemsOf(error, layer.content, keys).map(
    ({ path, text }) => `${layer.place(path)}: ${text}`,
  );
  throw new Failure(exitCode, { what, seen: lines.join("\n    "), next });
}

/** The exit code for a value that turns out to be impossible later on: whoever gave it has to change it. */
export function blamedCode(origin: Origin | undefined): ExitCode {
  return origin?.source === "option" ? ExitCode.usage : ExitCode.config;
}
