import type { Host } from "../host/host.ts";
import { fatalMessage, plain } from "./abra-output.ts";

/** How long abra may go on after its time is up before it is killed, in seconds. */
const killAfter = 10;

/** What timeout(1) ends with when the time was up. */
const timedOut = 124;

/** How a call of abra ended. */
export interface AbraEnd {
  /** Null where it ended well; otherwise what went wrong, in one sentence. */
  failure: string | null;
  /** `limit`: it did not end in time, and was ended. `cut-off`: something else ended it. What it did by then is unknown. */
  ended: "itself" | "limit" | "cut-off";
  /** What it printed, to both outputs, without colours. */
  output: string;
}

export interface AbraCallOptions {
  /** The folder for abra's files; without it, abra's own default. */
  abraDir?: string;
  /** After this it is ended, on the host. */
  seconds: number;
  /** That it prints secrets: nothing of its output is kept then but an error that it names. */
  secret?: boolean;
}

/** Runs abra on a host. It ends its errors with a line that begins with FATA, and with a code other than 0. */
export async function callAbra(
  host: Host,
  binary: string,
  words: readonly string[],
  { abraDir, seconds, secret = false }: AbraCallOptions,
): Promise<AbraEnd> {
  const limit = Math.ceil(seconds);
  const { exitCode, stdout, stderr } = await host.exec(
    ["timeout", "-k", String(killAfter), String(limit), binary, ...words],
    abraDir === undefined ? {} : { ABRA_DIR: abraDir },
  );
  const all = plain(`${stdout}\n${stderr}`);
  const fatal = fatalMessage(all);
  const output = secret ? "" : all;
  if (exitCode === 0 && fatal === null) return { failure: null, ended: "itself", output };
  if (exitCode === timedOut)
    return { failure: `abra did not end within ${limit} s, and was ended`, ended: "limit", output };
  const said = fatal === null ? output.split("\n").at(-1) : `FATA ${fatal}`;
  const failure = `abra ended with code ${exitCode}: ${said || "it named no error"}`;
  // A signal ended it: a shell adds 128, an SSH connection tells no code.
  return { failure, ended: exitCode < 0 || exitCode > 128 ? "cut-off" : "itself", output };
}
