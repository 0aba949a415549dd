import { homedir } from "node:os";
import { join } from "node:path";

/** Where ./setup keeps what it made for all clones of this user. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pullproof");
}
