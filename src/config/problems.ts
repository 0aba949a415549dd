import type * as z from "zod";
import { visible } from "../report/escape.ts";
import { type SettingKey, valueAt } from "./keys.ts";
import { closest, didYouMean } from "./suggest.ts";

/** Something in the settings that cannot be. */
export interface Problem {
  /** The key that it is about; empty for the settings as a whole. */
  path: readonly PropertyKey[];
  /** What is wrong, and what was probably meant. */
  text: string;
}

const longestShown = 60;

/** What a person calls the types of values. */
const typeNames: Record<string, string> = {
  object: "a mapping (key: value)",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** What a schema has to say about some content, in words for whoever wrote that. */
export function problemsOf({ issues }: z.ZodError, content: unknown, keys: readonly SettingKey[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => {
        const path = [...issue.path, key];
        return { path, text: `there is no such setting${didYouMean(meant(path.map(String), keys))}` };
      });
    return [{ path: issue.path, text: textOf(issue, valueAt(content, issue.path)) }];
  });
}

function textOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_value": {
      const choices = issue.values.map(String);
      const near = typeof value === "string" ? closest(value, choices) : undefined;
      return `${shown(value)} is none of ${choices.join(", ")}${didYouMean(near)}`;
    }
    case "invalid_type":
      return `expected ${typeNames[issue.expected] ?? issue.expected}, not ${shown(value)}`;
    case "custom":
      return issue.message;
    default:
      return `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
  }
}

/** The setting that an unknown key was meant to be: one beside it, or one that belongs at another depth. */
function meant(path: readonly string[], keys: readonly SettingKey[]): string | undefined {
  const [last = ""] = path.slice(-1);
  const group = path.slice(0, -1);
  const siblings = keys
    .filter((key) => group.every((part, depth) => key.path[depth] === part))
    .flatMap((key) => key.path.slice(group.length, group.length + 1));
  const sibling = closest(last, siblings);
  if (sibling !== undefined) return [...group, sibling].join(".");
  const elsewhere = closest(
    last,
    keys.flatMap((key) => key.path.slice(-1)),
  );
  return keys.find((key) => key.path.at(-1) === elsewhere)?.name;
}

/** A value as a message may show it: on one line, not too long, and without the password of a URL. */
export function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");
  const masked = visible(withoutPassword(text));
  return masked.length > longestShown ? `${masked.slice(0, longestShown)}…` : masked;
}

/** Text in which the password of each URL is `***`. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/(:\/\/[^\s:/?#@]*):\S*@/g, "$1:***@");
}
