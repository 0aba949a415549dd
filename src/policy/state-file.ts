import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { writeWhole } from "../write-whole.ts";
import type { UseRecord } from "./model.ts";
import { parseRecord } from "./record.ts";

/** The state file, below the folder that settings name. */
export const statePath = (stateDir: string): string => join(stateDir, "state.json");

/** What a state file holds. */
export interface StoredRecord {
  /** Null where there is none, or none that can be used. */
  record: UseRecord | null;
  /** What is wrong with a file that is there but cannot be used; null otherwise. */
  problem: string | null;
}

/** Reads the record of use of one engine. A file that cannot be used is a problem to tell, and never an error. */
export async function readState(stateDir: string, engine: string): Promise<StoredRecord> {
  const path = statePath(stateDir);
  if (!existsSync(path)) return { record: null, problem: null };
  try {
    const record = parseRecord(await readFile(path, "utf8"));
    if (record.engine === engine) return { record, problem: null };
    return { record: null, problem: `${path} is about another engine, ${record.engine}` };
  } catch (thrown) {
    return { record: null, problem: `${path} cannot be read: ${messageOf(thrown)}` };
  }
}

/**
 * Renames a state file that cannot be used, so that it is not lost when the next one is written. Returns its new
 * path. Throws a Failure (unavailable).
 */
export async function setAside(stateDir: string, now: number): Promise<string> {
  const path = statePath(stateDir);
  const aside = `${path}.unreadable-${new Date(now).toISOString().replaceAll(":", "")}`;
  await rename(path, aside).catch((thrown) => {
    throw unwritable(path, thrown);
  });
  return aside;
}

/**
 * Writes the record of use so that the file is the old one or the new one, whole, whenever the power fails. Throws
 * a Failure (unavailable).
 */
export async function writeState(stateDir: string, record: UseRecord): Promise<void> {
  const path = statePath(stateDir);
  try {
    await mkdir(stateDir, { recursive: true });
    await writeWhole(path, JSON.stringify(record));
  } catch (thrown) {
    throw unwritable(path, thrown);
  }
}

function unwritable(path: string, thrown: unknown): Failure {
  return new Failure(ExitCode.unavailable, {
    what: "the record of use cannot be written",
    seen: `${path}: ${messageOf(thrown)}`,
    next: "run the same command as root, or name another stateDir in prune.yaml",
    cause: thrown,
  });
}
