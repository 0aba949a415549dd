import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { judge } from "../check/judge.ts";
import { compareManifest, type Manifest } from "../check/manifest.ts";
import { parseEvidence } from "../check/stored-run.ts";
import type { Entry } from "../model/evidence.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import { renderVerdicts } from "../report/verdicts.ts";
import { files, hashOf, readManifest } from "./run-folder.ts";

/** A run that was read from its folder and judged again. */
export interface StoredRun {
  folder: string;
  entries: Entry[];
  judgement: Judgement;
  evidenceHash: string;
  /** False for a run that was cut short, and so has neither manifest nor verdicts of its own. */
  sealed: boolean;
  /** The sums of its files that a sealed run has. */
  manifest: Manifest | null;
  /** Why the run cannot be trusted, one sentence each; empty for a sound one. */
  problems: string[];
}

/** Finds a run's folder: a path, or the name of a run under `reports/`. Throws a Failure (usage) when there is none. */
export function findRun(run: string): string {
  const found = [run, join("reports", run)].find((folder) => existsSync(join(folder, files.evidence)));
  // `latest` is a link that moves: what is said of a run names the run itself.
  if (found !== undefined) return relative(process.cwd(), realpathSync(found)) || ".";
  throw new Failure(ExitCode.usage, {
    what: "there is no such run",
    seen: `no ${files.evidence} in ${run} or in ${join("reports", run)}`,
    next: "name the folder of a run, or make one: npm run verify",
  });
}

/**
 * Judges a stored run again, from its evidence alone. Throws a Failure when the evidence is so damaged that it
 * cannot be judged at all; whatever else is wrong ends up in `problems`.
 */
export function readStoredRun(folder: string): StoredRun {
  const manifest = readManifest(folder);
  const evidence = join(folder, files.evidence);
  const { entries, problems } = parseEvidence(readFileSync(evidence, "utf8"), manifest !== null);
  const last = entries.at(-1);
  if (manifest === null && last?.kind === "end" && last.data.completed) {
    problems.push(`${files.manifest} is missing, although the run came to its end`);
  }
  if (manifest !== null) problems.unshift(...compareManifest(manifest.manifest, manifest.found));
  if (entries[0]?.kind !== "run") {
    throw new Failure(ExitCode.internal, {
      what: "the run's evidence cannot be judged",
      seen: `${evidence}: ${problems.join("; ")}`,
      next: "take the run from where it was made, or make a new one: npm run verify",
    });
  }
  const judgement = judge(entries);
  const verdicts = join(folder, files.verdicts);
  if (existsSync(verdicts) && readFileSync(verdicts, "utf8") !== renderVerdicts(judgement)) {
    problems.push(`${files.verdicts} does not say what this version judges from the evidence`);
  }
  return {
    folder,
    entries,
    judgement,
    evidenceHash: hashOf(evidence),
    sealed: manifest !== null,
    manifest: manifest?.manifest ?? null,
    problems,
  };
}

/** Throws a Failure that lists what is wrong with a stored run; returns when nothing is. */
export function requireSound({ folder, problems }: StoredRun): void {
  if (problems.length === 0) return;
  throw new Failure(ExitCode.internal, {
    what: "the run's files do not agree, so its verdicts are worth nothing",
    seen: [folder, ...problems].join("\n    "),
    next: "take the run from where it was made, or make a new one: npm run verify",
  });
}
