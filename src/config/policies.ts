import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import * as z from "zod";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Policy } from "../model/plan.ts";

const folder = fileURLToPath(new URL("../../fixtures/policies", import.meta.url));

/** A policy file: what it is, where it comes from, and the command; no command is the reference policy. */
const policyFile = z.strictObject({
  name: z.string(),
  title: z.string(),
  about: z.string(),
  source: z.string(),
  command: z.string().nullable(),
});

/** Names of the policies in `fixtures/policies/`. */
export function policyNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** A policy of `fixtures/policies/` by its name. */
export function namedPolicy(name: string): Policy {
  const { title, command } = policyFile.parse(parse(readFileSync(join(folder, `${name}.yaml`), "utf8")));
  return { name, title, command };
}

/**
 * What `--prune` means: the name of a policy, or else a shell command. A single word that is no policy is taken
 * for a misspelt name, and throws a Failure (usage).
 */
export function readPolicy(text: string): Policy {
  const names = policyNames();
  if (names.includes(text)) return namedPolicy(text);
  if (/[\s/]/.test(text.trim())) return { name: "command", title: text.trim(), command: text };
  throw new Failure(ExitCode.usage, {
    what: "there is no such prune policy",
    seen: `--prune ${JSON.stringify(text)}`,
    next: `name one of ${names.join(", ")}, or give a command: --prune "docker image prune -f"`,
  });
}
