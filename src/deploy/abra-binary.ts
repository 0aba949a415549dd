import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { stageOnHost } from "./files.ts";

/** An abra that can be run on a host. */
export interface AbraBinary {
  /** As a person knows it: its path, where it comes from. */
  readonly title: string;
  /** Its path on a host, on which it is put where it is not there already. */
  on(host: Host): Promise<string>;
}

/** The abra of this machine, which is put on each host once: for hosts that are a run's own. */
export function localAbra(path: string): AbraBinary {
  const hosts = new WeakSet<Host>();
  return {
    title: path,
    async on(host) {
      const folder = `${host.folder}/bin`;
      if (!hosts.has(host)) await stageOnHost(host, folder, (staging) => cp(path, join(staging, "abra")));
      hosts.add(host);
      return `${folder}/abra`;
    },
  };
}

/** The abra that is installed on a host that is not a run's own: nothing is put there. */
export function installedAbra(path: string): AbraBinary {
  return { title: path, on: async () => path };
}

/**
 * Where a host has an abra of its own; null where it has none. `~/.local/bin` is where its install script puts it, and not
 * on the PATH of every command that comes by SSH.
 */
export async function abraOn(host: Host): Promise<string | null> {
  const { exitCode, stdout } = await host.exec(["sh", "-c", 'PATH="$PATH:$HOME/.local/bin" command -v abra']);
  const path = stdout.trim();
  return exitCode === 0 && path.startsWith("/") ? path : null;
}
