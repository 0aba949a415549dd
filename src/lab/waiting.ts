import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type Docker from "dockerode";
import * as z from "zod";
import { sharedFolder } from "./names.ts";

/**
 * The file in a run's temporary folder that makes it resumable. It is there while a machine of the run reboots, and
 * holds what it takes to go on, keys and tokens among it: only this user may read it, and it never leaves that folder.
 */
export const waitingFile = "resume.json";

const waiting = z.object({ host: z.string() });

/**
 * The host whose lab is left alone when the controller is gone, from the text of the waiting file. Null, and nothing
 * is left alone, where there is none and where nobody could go on from it.
 */
export function waitingHost(text: string | null): string | null {
  if (text === null) return null;
  try {
    return waiting.parse(JSON.parse(text)).host;
  } catch {
    return null;
  }
}

/** The temporary folders of runs that wait to be resumed, among those whose containers have a label. */
export async function waitingFolders(docker: Docker, label: string): Promise<string[]> {
  const containers = await docker.listContainers({ all: true, filters: { label: [label] } });
  // Each container's own folder lies two levels below its run's: in that of its host, by its role.
  const folders = containers.flatMap(({ Mounts }) =>
    Mounts.filter(({ Destination }) => Destination === sharedFolder).map(({ Source }) =>
      dirname(dirname(Source)),
    ),
  );
  return [...new Set(folders)].filter((folder) => existsSync(join(folder, waitingFile)));
}
