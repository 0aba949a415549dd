import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../model/failure.ts";
import { files, readManifest } from "../runner/run-folder.ts";
import { readStoredRun, requireSound } from "../runner/stored.ts";
import type { StoredNight } from "./night.ts";
import { nightFiles } from "./night-files.ts";
import { type NightRecord, nightRecord } from "./record.ts";
import { beganAt } from "./run-names.ts";
import { summarize } from "./summary.ts";

/** The stored runs that can be compared with, and what is to be said of the others. */
export interface NightHistory {
  nights: StoredNight[];
  /** Why a run that was brought to its end is left out, one sentence each. */
  notes: string[];
}

/**
 * Reads the sealed runs under a folder, oldest first, each from its evidence and judged again. A run that was cut short
 * is none; one whose files do not agree is told in the notes, and compared with nothing.
 */
export function readNights(reports: string, without: string): NightHistory {
  const history: NightHistory = { nights: [], notes: [] };
  for (const name of runFolders(reports)) {
    const folder = join(reports, name);
    if (name === without || !existsSync(join(folder, files.manifest))) continue;
    try {
      history.nights.push(readNight(name, folder));
    } catch (thrown) {
      const reason = messageOf(thrown).replaceAll(/\s*\n\s*/g, "; ");
      history.notes.push(`${name} is compared with nothing: ${reason}`);
    }
  }
  return history;
}

/** Names of the folders that are named as runs are, oldest first. Links such as `latest` are none. */
export function runFolders(reports: string): string[] {
  if (!existsSync(reports)) return [];
  return readdirSync(reports, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && beganAt(entry.name) !== null)
    .map(({ name }) => name)
    .sort();
}

function readNight(name: string, folder: string): StoredNight {
  const run = readStoredRun(folder);
  requireSound(run);
  const record = readRecord(folder);
  return {
    name,
    summary: summarize(run.entries, run.judgement),
    record,
    // A run that no night judged can be measured by when there is nothing to be said against it.
    good: record?.good ?? run.judgement.overall === "pass",
  };
}

/** Only a sealed record counts: what lies beside a run could come from anywhere. */
function readRecord(folder: string): NightRecord | null {
  if (readManifest(folder)?.manifest.has(nightFiles.record) !== true) return null;
  return nightRecord.parse(JSON.parse(readFileSync(join(folder, nightFiles.record), "utf8")));
}
