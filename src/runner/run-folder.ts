import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Manifest, parseManifest, renderManifest } from "../check/manifest.ts";
import type { Entry } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import { renderBytesChart } from "../report/bytes-chart.ts";
import { chartPath, renderReport } from "../report/markdown.ts";
import { renderVerdicts } from "../report/verdicts.ts";
import { shellWord } from "../shell.ts";

/** Files of a run's folder. */
export const files = {
  evidence: "evidence.jsonl",
  verdicts: "verdicts.json",
  report: "report.md",
  chart: chartPath,
  manifest: "SHA256SUMS",
} as const;

/** The folder of a run that has just been made. */
export interface RunFolder {
  path: string;
  /** Takes back all that was made for the run, and leaves what others put beside it. */
  remove(): void;
}

/** Makes the folder of a new run. Throws a Failure when it exists already or cannot be made. */
export function createRunFolder(path: string): RunFolder {
  try {
    const above = dirname(resolve(path));
    const topmost = mkdirSync(above, { recursive: true });
    mkdirSync(path);
    mkdirSync(join(path, dirname(files.chart)));
    return {
      path,
      remove() {
        rmSync(path, { recursive: true });
        if (topmost !== undefined) removeEmpty(above, topmost);
      },
    };
  } catch (thrown) {
    const exists = existsSync(path);
    throw new Failure(exists ? ExitCode.usage : ExitCode.unavailable, {
      what: exists ? "the run's folder exists already" : "the run's folder cannot be made",
      seen: exists ? path : messageOf(thrown),
      next: "name a new folder in a writable place: pullproof verify --run-dir FOLDER",
      cause: thrown,
    });
  }
}

/** Removes empty folders from one up to another; stops where another run has put something by now. */
function removeEmpty(folder: string, topmost: string): void {
  try {
    rmdirSync(folder);
  } catch {
    return;
  }
  if (folder !== topmost) removeEmpty(dirname(folder), topmost);
}

/**
 * Writes what is told about a judged run beside its evidence, and seals all of it with a manifest. Throws a Failure
 * (environment missing) when not all of it can be written: then nothing of it stays, and the evidence does.
 */
export function writeResults(folder: string, entries: readonly Entry[], judgement: Judgement): void {
  try {
    writeAll(folder, entries, judgement);
  } catch (thrown) {
    const { evidence: _, ...results } = files;
    for (const name of Object.values(results)) rmSync(join(folder, name), { recursive: true, force: true });
    throw new Failure(ExitCode.unavailable, {
      what: "the report cannot be written",
      seen: messageOf(thrown),
      next: `free space on that disk; the evidence is whole: pullproof check ${shellWord(folder)} judges it`,
      cause: thrown,
    });
  }
}

function writeAll(folder: string, entries: readonly Entry[], judgement: Judgement): void {
  const evidenceHash = hashOf(join(folder, files.evidence));
  writeFileSync(join(folder, files.verdicts), renderVerdicts(judgement));
  writeFileSync(
    join(folder, files.report),
    renderReport({ entries, judgement, evidenceHash, linkPrefix: "" }),
  );
  writeFileSync(join(folder, files.chart), renderBytesChart(entries));
  const sealed = [files.evidence, files.verdicts, files.report, files.chart];
  const manifest: Manifest = new Map(sealed.map((name) => [name, hashOf(join(folder, name))]));
  writeFileSync(join(folder, files.manifest), renderManifest(manifest));
}

/** Points `latest`, beside the run's folder, to it. Never seen half made: the link is renamed into place. */
export function pointLatest(folder: string): void {
  const fresh = `${folder}.latest`;
  symlinkSync(basename(folder), fresh);
  renameSync(fresh, join(dirname(folder), "latest"));
}

/** The manifest of a run, and the digests of the files that it names as they are now. Null: the run has none. */
export function readManifest(folder: string): { manifest: Manifest; found: Manifest } | null {
  const path = join(folder, files.manifest);
  if (!existsSync(path)) return null;
  const manifest = parseManifest(readFileSync(path, "utf8"));
  if (manifest === null) {
    throw new Failure(ExitCode.internal, {
      what: "the run's manifest was altered: it is no list of SHA-256 sums any more",
      seen: path,
      next: "take the run from where it was made, or make a new one: npm run verify",
    });
  }
  const present = [...manifest.keys()].filter((name) => existsSync(join(folder, name)));
  return { manifest, found: new Map(present.map((name) => [name, hashOf(join(folder, name))])) };
}

/** SHA-256 of a file, in hexadecimal. */
export function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
