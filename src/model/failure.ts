/** Exit codes of every command; see docs/exit-codes.md. 64, 69, 70, 75 and 78 are those of BSD's sysexits.h. */
export const ExitCode = {
  pass: 0,
  fail: 1,
  inconclusive: 2,
  usage: 64,
  unavailable: 69,
  internal: 70,
  tryLater: 75,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface FailureParts {
  /** What happened, in one sentence without a full stop. */
  what: string;
  /** The state that was seen: a path, an error of the engine, a status. */
  seen?: string;
  /** The command to run, or the thing to change, next. */
  next: string;
  cause?: unknown;
}

/** An error that a person can act on. The command line prints its three parts and exits with its code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;
  readonly what: string;
  readonly seen: string | undefined;
  readonly next: string;

  constructor(exitCode: ExitCode, parts: FailureParts) {
    super(parts.seen === undefined ? parts.what : `${parts.what}: ${parts.seen}`, { cause: parts.cause });
    this.exitCode = exitCode;
    this.what = parts.what;
    this.seen = parts.seen;
    this.next = parts.next;
  }
}

/** No error, but no result yet either: what was asked for goes on by itself. One line tells where it will end. */
export class GoesOnLater extends Failure {
  constructor(where: string, next: string) {
    super(ExitCode.tryLater, { what: where, next });
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
