import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import * as z from "zod";
import { cellClaims } from "../gauntlet/cells.ts";
import { modes } from "../gauntlet/modes.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Policy } from "../model/plan.ts";
import { shown } from "./problems.ts";
import { closest, didYouMean } from "./suggest.ts";

const folder = fileURLToPath(new URL("../../fixtures/policies", import.meta.url));

/** The policy of this project, with which the others are compared. */
const shipped = "reference";

/** A policy file: what it is, where it comes from, and the command that an operator would put into a timer. */
const policyFile = z.strictObject({
  name: z.string(),
  /** The command in one line, or what it amounts to. */
  title: z.string(),
  /** What it does to the cache of a swarm host. */
  about: z.string(),
  /** Where its behaviour is documented: a URL, or a file of this project. */
  source: z.string(),
  command: z.string(),
  /** A tool that the host does not have by itself. */
  needs: z.literal("docuum").optional(),
  /** In each mode of the gauntlet, the verdicts on the claims that something is to be expected of. */
  expected: z.record(
    z.enum(modes.map(({ name }) => name)),
    z.partialRecord(z.enum(cellClaims), z.enum(["pass", "fail", "inconclusive"])),
  ),
});
type PolicyFile = z.infer<typeof policyFile>;

/** A policy with what the gauntlet has to know of it, and evidence has not. */
export interface GauntletPolicy extends Pick<PolicyFile, "about" | "source" | "expected"> {
  policy: Policy;
  needs: PolicyFile["needs"];
}

/** Names of the policies in `fixtures/policies/`. */
export function policyNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** A policy of `fixtures/policies/` by its name, which is that of its file. */
export function namedPolicy(file: string): Policy {
  const { name, title, command } = readPolicyFile(file);
  return { name, title, command };
}

/** All policies of `fixtures/policies/`: the shipped one, and after it the others by name. */
export function gauntletPolicies(): GauntletPolicy[] {
  const others = policyNames().filter((name) => name !== shipped);
  return [shipped, ...others].map((file) => {
    const { name, title, command, about, source, expected, needs } = readPolicyFile(file);
    return { policy: { name, title, command }, about, source, expected, needs };
  });
}

/** Throws a ZodError for a file that is none, which no shipped file is. */
function readPolicyFile(file: string): PolicyFile {
  return policyFile.parse(parse(readFileSync(join(folder, `${file}.yaml`), "utf8")));
}

/** A systemd unit, as a host's timer starts it. */
const unit = /^[\w@.:-]+\.service$/;

/**
 * What `--prune` means on a live host, which is pruned by its own policy and no other: a command of the host's, or a
 * unit. Throws a Failure (usage) for the name of a policy.
 */
export function readHostPolicy(text: string): Policy {
  if (!policyNames().includes(text)) return readPolicy(text);
  throw new Failure(ExitCode.usage, {
    what: "the host's own prune run has to be named",
    seen: `prune: ${text}, which is no command or unit of the host`,
    next: 'name the unit or the command that its timer runs: --prune docker-prune.service, or --prune "pullproof prune --apply"',
  });
}

/** Why a text is no prune run; null where it is one. A single word that is no policy is taken for a misspelt name. */
export function policyProblem(text: string): string | null {
  const names = policyNames();
  if (names.includes(text) || unit.test(text.trim()) || /[\s/]/.test(text.trim())) return null;
  const known = `name one of ${names.join(", ")}, or give a command such as "docker image prune -f"`;
  return `there is no prune policy ${shown(text)}; ${known}${didYouMean(closest(text, names))}`;
}

/**
 * What the setting `prune` means: the name of a policy, a systemd unit, which is started and waited for, or else a shell
 * command. Throws a Failure (bad configuration) for none of them.
 */
export function readPolicy(text: string): Policy {
  const problem = policyProblem(text);
  if (problem !== null)
    throw new Failure(ExitCode.config, {
      what: "there is no such prune policy",
      seen: problem,
      next: "correct prune: in pullproof.yaml",
    });
  if (policyNames().includes(text)) return namedPolicy(text);
  const command = unit.test(text.trim()) ? `systemctl start ${text.trim()}` : text;
  return { name: "command", title: text.trim(), command };
}
