import { ExitCode, Failure, messageOf } from "../model/failure.ts";

/** Prints one step of ./setup to stderr, in the form that the script itself uses. */
export function step(line: string): void {
  process.stderr.write(`==> ${line}\n`);
}

/** Prints what was thrown to stderr, in the form that ./setup uses. Returns the exit code that it asks for. */
export function reportFailure(thrown: unknown): ExitCode {
  if (!(thrown instanceof Failure)) {
    process.stderr.write(`error: ${messageOf(thrown)}\n`);
    return ExitCode.internal;
  }
  const seen = thrown.seen === undefined ? "" : `  seen: ${thrown.seen}\n`;
  process.stderr.write(`error: ${thrown.what}\n${seen}  next: ${thrown.next}\n`);
  return thrown.exitCode;
}
