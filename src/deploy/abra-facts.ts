import type { Host } from "../host/host.ts";
import { abraOn } from "./abra-binary.ts";
import { callAbra } from "./abra-call.ts";
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
  const ask = async (...words: string[]) => callAbra(host, path, words, { seconds: askSeconds });
  const { failure, output } = await ask("--version");
  const version = failure === null ? versionIn(output) : null;
  if (version === null) {
    return { ...facts, problems: [`${path} does not answer like abra: ${failure ?? output}`] };
  }

  const listed = async (flags: Flags): Promise<Map<string, boolean>> => {
    const found = new Map<string, boolean>();
    for (const [command, names] of Object.entries(flags)) {
      const help = await ask(...command.split(" "), "--help");
      for (const name of names)
        found.set(`${command} ${name}`, help.failure === null && lists(help.output, command, name));
    }
    return found;
  };
  const seen = await listed(seenFlags);
  const missing = [...seen].filter(([, there]) => !there).map(([flag]) => flag);
  return {
    path,
    version,
    known: knownVersions.some((known) => version === known || version.startsWith(`${known}-`)),
    confirmed: there(seen),
    unconfirmed: there(await listed(unconfirmedFlags)),
    problems: missing.map((flag) => `abra ${version} does not list ${flag} in its help`),
  };
}

const there = (found: Map<string, boolean>) =>
  [...found].filter(([, listed]) => listed).map(([flag]) => flag);

/** Whether a help text is of this command, and not of the group that it would be in, and lists a flag. */
function lists(help: string, command: string, flag: string): boolean {
  const named = help.includes(command);
  return named && help.split(/[\s,=[\]|]+/).includes(flag);
}
