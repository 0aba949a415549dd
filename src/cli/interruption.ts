import { ExitCode, Failure } from "../model/failure.ts";

/** A signal that aborts, with a Failure as its reason, when this process is told to end: what was, and what to run next. */
export function interruption(what: string, next: string): AbortSignal {
  const interrupt = new AbortController();
  const stop = (signal: NodeJS.Signals) =>
    interrupt.abort(new Failure(ExitCode.interrupted, { what, seen: signal, next }));
  // Not `once`: a library of testcontainers ends the process at a signal that has no other listener left.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  return interrupt.signal;
}
