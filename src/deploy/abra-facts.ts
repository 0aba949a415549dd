import type { Host } from "../host/host.ts";
import { abraOn } from "./abra-binary.ts";
import { type AbraEnd, callAbra } from "./abra-call.ts";
import { versionIn } from "./abra-output.ts";

/** Versions whose command lines were seen in use; a commit may follow. */
const knownVersions = ["0.11.0-beta", "0.12.0-beta", "0.13.0-beta"];

type Flags = Readonly<Record<string, readonly string[]>>;

/** Flags that public uses of abra show, by command. */
export const seenFlags: Flags = {
  "app new": ["-n", "--domain", "--server", "-C", "--secrets", "-S"],
  "app deploy": ["-n", "-c", "-C", "-o", "-f", "-D"],
  "app undeploy": ["-n"],
  "app remove": ["-n"],
  "app ls": ["-m"],
  "app ps": ["-m"],
  "app secret generate": ["-a"],
  "server ls": ["-m"],
};

/** Flags that are said to exist. Nothing here relies on them. */
export const unconfirmedFlags: Flags = {
  "app undeploy": ["--prune"],
  "app volume remove": ["-f"],
  "app secret remove": ["-a"],
  "server prune": ["-a", "-v"],
};

/** How long abra may take to tell about itself, in seconds. */
const askSeconds = 30;

/** What a host's abra tells about itself, without being asked to do anything. */
export interface AbraFacts {
  /** Where it lies; null where the host has none, and then there is nothing else to tell. */
  path: string | null;
  /** Null where it does not answer as abra does. */
  version: string | null;
  /** Whether it is a version whose command lines were seen in use. */
  known: boolean;
  /** Flags that were seen in use and that its help lists: `app deploy -n`. */
  confirmed: string[];
  /** Flags that are said to exist and that its help lists. */
  unconfirmed: string[];
  /** What keeps it from being relied on, each in one sentence: a flag that was seen in use and that its help does not list. */
  problems: string[];
}

/** Asks a host's own abra, or the one at `binary`, what it is. */
export async function probeAbra(host: Host, binary?: string): Promise<AbraFacts> {
  const path = binary ?? (await abraOn(host));
  const facts = { path, version: null, known: false, confirmed: [], unconfirmed: [], problems: [] };
  if (path === null) return facts;
  const ask: Ask = (...words) => callAbra(host, path, words, { seconds: askSeconds });
  const { failure, output } = await ask("--version");
  const version = failure === null ? versionIn(output) : null;
  if (version === null) {
    return { ...facts, problems: [`${path} does not answer like abra: ${failure ?? output}`] };
  }
  const confirmed = await listed(ask, seenFlags);
  return {
    path,
    version,
    known: knownVersions.some((known) => version === known || version.startsWith(`${known}-`)),
    confirmed,
    // One that tells of no flag may not know --help either, and some of these commands remove things.
    unconfirmed: confirmed.length === 0 ? [] : await listed(ask, unconfirmedFlags),
    problems: namesOf(seenFlags)
      .filter((flag) => !confirmed.includes(flag))
      .map((flag) => `abra ${version} does not list ${flag} in its help`),
  };
}

type Ask = (...words: string[]) => Promise<AbraEnd>;

/** Those of the flags that the help of their command lists. */
async function listed(ask: Ask, flags: Flags): Promise<string[]> {
  const found: string[] = [];
  for (const [command, names] of Object.entries(flags)) {
    const { failure, output } = await ask(...command.split(" "), "--help");
    // The help of a command that is not there is that of the group that it would be in.
    if (failure !== null || !output.includes(command)) continue;
    const words = output.split(/[\s,=[\]|]+/);
    found.push(...names.filter((name) => words.includes(name)).map((name) => `${command} ${name}`));
  }
  return found;
}

const namesOf = (flags: Flags) =>
  Object.entries(flags).flatMap(([command, names]) => names.map((name) => `${command} ${name}`));
