import { claimIds, criteria, criterionOf } from "../model/claim.ts";
import type { Judgement } from "../model/verdict.ts";
import { shellWord } from "../shell.ts";
import { count } from "./units.ts";

/** What a review document and the run that it names are like. */
export interface ReviewState {
  /** The document. */
  file: string;
  /** Folder of the run, and the SHA-256 of its evidence, as the document has them; null where no run is attached. */
  attached: { folder: string; evidenceHash: string } | null;
  /** The run as it is stored; a text, where it cannot be read, says why. Null where no run is attached. */
  run: StoredState | string | null;
}

/** What a stored run is like. */
export interface StoredState {
  /** Whether the run came to its end, and wrote the sums of its files. */
  sealed: boolean;
  /** Why the run cannot be trusted, one sentence each. */
  problems: readonly string[];
  evidenceHash: string;
  /** Whether the document holds exactly what would be attached now. */
  asAttached: boolean;
  judgement: Judgement;
  /** When its evidence begins and ends, in milliseconds since 1970. */
  begin: number;
  end: number;
}

/** Why a review is not done, and what to do about it. */
export interface Reason {
  what: string;
  next: string;
}

/** What time it is, in milliseconds since 1970, and how old a run may be. */
export interface Patience {
  now: number;
  maxAgeDays: number;
}

const dayMs = 86_400_000;

/** Two clocks that are set by NTP differ by much less. */
const skewMs = 60_000;

/**
 * Why `## DONE` may not be written into a review; empty when it may. Every claim must have passed, skipped and inconclusive
 * ones count as open, and every control must have been caught. Nothing is said of verdicts that nothing vouches for.
 */
export function reasonsAgainstDone({ file, attached, run }: ReviewState, patience: Patience): Reason[] {
  if (attached === null || run === null)
    return [{ what: `no run is attached to ${file}`, next: attach("latest", file) }];
  if (typeof run === "string")
    return [{ what: run, next: `bring the folder ${attached.folder} back, or ${again(file)}` }];
  const broken = brokenTrust(file, attached, run);
  return broken.length > 0 ? broken : [...openClaims(run.judgement), ...wrongAge(file, run, patience)];
}

const attach = (run: string, file: string) => `pullproof attach ${shellWord(run)} --file ${shellWord(file)}`;

const again = (file: string) => `make a new run and attach it: npm run verify; ${attach("latest", file)}`;

function brokenTrust(
  file: string,
  { folder, evidenceHash }: { folder: string; evidenceHash: string },
  run: StoredState,
): Reason[] {
  const reasons = run.problems.map((problem) => ({ what: `${folder}: ${problem}`, next: again(file) }));
  if (!run.sealed) reasons.push({ what: `the run ${folder} was cut short`, next: again(file) });
  if (run.evidenceHash !== evidenceHash)
    reasons.push({
      what: `what is attached rests on evidence with the SHA-256 ${evidenceHash}, and that of ${folder} is ${run.evidenceHash}`,
      next: `see which of them is right; then ${attach(folder, file)}`,
    });
  else if (!run.asAttached)
    reasons.push({
      what: `what stands between the markers is not what ${folder} says`,
      next: attach(folder, file),
    });
  return reasons;
}

function openClaims({ claims, controls }: Judgement): Reason[] {
  const uncaught = controls.filter(({ caught }) => !caught).map(({ id }) => id);
  const reasons = claimIds.flatMap((id) => {
    const judged = claims.find((claim) => claim.id === id);
    if (judged?.verdict === "pass") return [];
    const verdict = judged === undefined ? "not judged" : `${judged.verdict}: ${judged.found}`;
    return {
      what: `${id} (${criteria[criterionOf(id)]}) is ${verdict}`,
      next: judged?.remedy ?? "leave the claim in the run: npm run verify, without --only and --skip",
    };
  });
  if (uncaught.length > 0)
    reasons.unshift({
      what: `not caught: ${uncaught.join(", ")}; so the verdicts are worth nothing`,
      next: "report this as a bug, with the run's folder",
    });
  if (controls.length === 0)
    reasons.unshift({
      what: "the run had no controls: nothing shows that its checkers can fail",
      next: "npm run verify, without --no-controls",
    });
  return reasons;
}

function wrongAge(file: string, { begin, end }: StoredState, { now, maxAgeDays }: Patience): Reason[] {
  const ahead = Math.max(begin, end) - now;
  if (ahead > skewMs)
    return [
      {
        what: `the run lies ${count(Math.ceil(ahead / 1000), "second")} in the future: its clock or this one is wrong`,
        next: `set both clocks (timedatectl), then ${again(file)}`,
      },
    ];
  const age = now - begin;
  if (age <= maxAgeDays * dayMs) return [];
  return [
    {
      what: `the run is ${(age / dayMs).toFixed(1)} days old, and may be ${maxAgeDays} at most`,
      next: `${again(file)}; or allow more with --max-age`,
    },
  ];
}
