import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parseManifest } from "../check/manifest.ts";
import { messageOf } from "../model/failure.ts";
import { files } from "../runner/run-folder.ts";
import { runFolders } from "./history.ts";
import { nightFiles } from "./night-files.ts";
import { expired, type Retention } from "./retention.ts";

/** What became of old runs. */
export interface Removals {
  /** Names of the runs that are gone. */
  removed: string[];
  /** Why one stays that should have gone, one sentence each. */
  kept: string[];
}

/**
 * Removes old runs from a folder of reports, and nothing else: only folders that are named as runs are, hold evidence,
 * and hold nothing that a run does not write. What `latest` leads to stays, and what is `spared`. Throws nothing.
 */
export function removeOldRuns(
  reports: string,
  retention: Retention,
  spared: readonly string[],
  now: number,
): Removals {
  const stays = new Set([...spared, ...latestOf(reports)]);
  const removals: Removals = { removed: [], kept: [] };
  for (const name of expired(runFolders(reports), retention, stays, now)) {
    const folder = join(reports, name);
    try {
      const foreign = foreignTo(folder);
      if (foreign === null) {
        // Links that a folder holds are removed, and not followed.
        rmSync(folder, { recursive: true });
        removals.removed.push(name);
      } else removals.kept.push(`${name} stays: ${foreign}`);
    } catch (thrown) {
      removals.kept.push(`${name} stays: ${messageOf(thrown)}`);
    }
  }
  return removals;
}

/** The run that `latest` leads to, by its name. */
function latestOf(reports: string): string[] {
  const link = join(reports, "latest");
  const found = lstatSync(link, { throwIfNoEntry: false });
  return found?.isSymbolicLink() ? [basename(readlinkSync(link))] : [];
}

/** Why a folder is not a run's own, whatever its name; null when it is. */
function foreignTo(folder: string): string | null {
  if (!isFile(join(folder, files.evidence))) return `it has no ${files.evidence}`;
  const own = ownPaths(folder);
  if (own === null) return `its ${files.manifest} is no list of SHA-256 sums`;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = relative(folder, join(entry.parentPath, entry.name));
    const known = entry.isDirectory() ? own.folders.has(path) : entry.isFile() && own.files.has(path);
    if (!known) return `it holds ${path}, which no run writes`;
  }
  return null;
}

/** What a run and its night write, and what the run's manifest names; null where that is none. */
function ownPaths(folder: string): { files: ReadonlySet<string>; folders: ReadonlySet<string> } | null {
  const path = join(folder, files.manifest);
  const sealed = isFile(path) ? parseManifest(readFileSync(path, "utf8")) : new Map<string, string>();
  if (sealed === null) return null;
  const paths = [...Object.values(files), ...Object.values(nightFiles), ...sealed.keys()];
  return { files: new Set(paths), folders: new Set(paths.map((one) => dirname(one))) };
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
