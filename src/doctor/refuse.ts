import { ExitCode, Failure } from "../model/failure.ts";
import { visible } from "../report/escape.ts";
import type { Diagnosis } from "./diagnosis.ts";

/**
 * The exit code of the doctor: unavailable where a problem is in the way of a run, inconclusive where nothing is but
 * something could not be looked at, else pass.
 */
export function exitCodeOf(diagnoses: readonly Diagnosis[]): ExitCode {
  const any = (status: Diagnosis["status"]) => diagnoses.some((diagnosis) => diagnosis.status === status);
  if (any("problem")) return ExitCode.unavailable;
  return any("unknown") ? ExitCode.inconclusive : ExitCode.pass;
}

/** Throws a Failure (unavailable) where a problem is in the way of a run, with all of them. */
export function requireFit(diagnoses: readonly Diagnosis[]): void {
  const problems = diagnoses.filter(({ status }) => status === "problem");
  if (problems.length === 0) return;
  const together = (text: (diagnosis: Diagnosis) => string) => visible(problems.map(text).join("; "));
  throw new Failure(ExitCode.unavailable, {
    what: "the host is not fit for a run: nothing was touched",
    seen: together(({ check, found }) => `${check}: ${found}`),
    next: together(({ next }) => next ?? ""),
  });
}
