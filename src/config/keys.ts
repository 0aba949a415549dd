import * as z from "zod";

/** What the names of the environment's settings begin with. */
export const variablePrefix = "PULLPROOF_";

/** JSON Schema of one setting, as far as settings use it. */
export interface SettingSchema {
  type?: string;
  description?: string;
  items?: SettingSchema;
  anyOf?: SettingSchema[];
  properties?: Record<string, SettingSchema>;
}

/** One setting: a leaf of the settings' schema. */
export interface SettingKey {
  /** As people write it: `hub.accountLimit`. */
  name: string;
  path: readonly string[];
  /** The environment variable that sets it: `PULLPROOF_HUB_ACCOUNT_LIMIT`. */
  variable: string;
  schema: SettingSchema;
}

/** The settings that a schema knows, in its order. */
export function keysOf(schema: z.ZodType): SettingKey[] {
  return leaves(z.toJSONSchema(schema, { io: "input" }) as SettingSchema, []);
}

function leaves(schema: SettingSchema, path: readonly string[]): SettingKey[] {
  if (schema.properties === undefined)
    return [{ name: path.join("."), path, variable: variablePrefix + path.map(shouted).join("_"), schema }];
  return Object.entries(schema.properties).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** `imageStore` as `IMAGE_STORE`. */
function shouted(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** What stands in a nested value at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner, key) => (isNested(inner) ? inner[key] : undefined), value);
}

function isNested(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

/** Sets what stands in a nested value at a path, and makes what is missing on the way there. */
export function setAt(
  into: Record<string, unknown>,
  [first = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) into[first] = value;
  else {
    into[first] ??= {};
    setAt(into[first] as Record<string, unknown>, rest, value);
  }
}
