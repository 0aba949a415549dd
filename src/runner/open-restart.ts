import type { Entry, EntryOf } from "../model/evidence.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { RestartManner } from "../model/plan.ts";

/** A restart of a host that was begun, and whose end nobody saw. */
export interface OpenRestart {
  step: string;
  manner: RestartManner;
  /** Boot id of the host when it was last looked at before. */
  bootId: string;
}

/** Throws a Failure (usage) for a run that came to an end, whichever: there is nothing to go on with. */
export function requireUnfinished(folder: string, entries: readonly Entry[]): void {
  const end = entries.find((entry): entry is EntryOf<"end"> => entry.kind === "end");
  if (end === undefined) return;
  throw new Failure(ExitCode.usage, {
    what: "the run is not resumable: it has ended",
    seen: end.data.completed
      ? `${folder}: completed at ${end.wall}`
      : `${folder}: cut short at ${end.wall}: ${end.data.reason}`,
    next: `judge it: pullproof check ${folder}; or make a new run: npm run verify`,
  });
}

/** How a run on hosts of its own is given up. */
const labsDown = "./setup --down";

/**
 * The restart that a host was in the middle of. Throws a Failure (environment missing) when it was not in one; `giveUp`
 * is the command that removes what the run left.
 */
export function openRestart(
  folder: string,
  entries: readonly Entry[],
  host: string,
  giveUp: string = labsDown,
): OpenRestart {
  const own = entries.filter((entry) => entry.host === host);
  const at = own.findLastIndex(({ kind }) => kind === "invoke");
  const invoke = own[at];
  const clock = own
    .slice(0, Math.max(at, 0))
    .findLast((entry): entry is EntryOf<"clock"> => entry.kind === "clock");
  const ended = own.slice(at).some(({ kind }) => kind === "outcome");
  if (invoke?.kind === "invoke" && invoke.data.do === "restart" && !ended && clock !== undefined)
    return { step: invoke.data.id, manner: invoke.data.manner, bootId: clock.data.bootId };
  throw new Failure(ExitCode.unavailable, {
    what: "the run is not resumable: its evidence does not end in a reboot",
    seen: `${folder}: ${clock === undefined ? `no boot id of ${host} was seen before` : `the last step of ${host} is ${invoke?.step ?? "none"}`}`,
    next: `remove what it left: ${giveUp}; then make a new run: npm run verify`,
  });
}

/** Throws a Failure (try later) unless the host was rebooted: with the same boot id nothing was proved. */
export function requireRebooted(
  folder: string,
  { step, bootId }: OpenRestart,
  now: string | null,
  giveUp: string = labsDown,
): void {
  if (now !== null && now !== bootId) return;
  throw new Failure(ExitCode.tryLater, {
    what: "the machine has not rebooted yet, so the run is left as it is",
    seen:
      now === null ? `it cannot be asked for its boot id, in ${step}` : `boot id ${now}, as before ${step}`,
    next: `once it has rebooted: pullproof resume ${folder}; or give the run up: ${giveUp}`,
  });
}
