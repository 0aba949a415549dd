import { differences } from "./conditions.ts";
import type { RunSummary } from "./summary.ts";

/** What there is to compare with. */
export interface Grounds {
  /** The latest good run, comparable or not. */
  latest: RunSummary | undefined;
  /** The latest good run that is comparable. */
  lastGood: RunSummary | undefined;
  /** The comparable ones that times are compared with. */
  timed: readonly RunSummary[];
  beginAnew: boolean;
}

/** What a reader must know beside what was compared: what was not, and why; one sentence each. */
export function notesOn(tonight: RunSummary, { latest, lastGood, timed, beginAnew }: Grounds): string[] {
  if (beginAnew) return ["a new baseline was asked for: the run's own verdicts decide"];
  if (latest === undefined) return ["no good run to compare with yet: the run's own verdicts decide"];
  if (lastGood === undefined)
    return [
      `new baseline for everything, the run's own verdicts decide: ${latest.run} is not comparable: ${differences(latest.behaviour, tonight.behaviour).join("; ")}`,
    ];
  const elsewhere =
    latest === lastGood
      ? []
      : [
          `${latest.run}, the latest good run, is not comparable: ${differences(latest.behaviour, tonight.behaviour).join("; ")}`,
        ];
  const times =
    timed.length > 0
      ? []
      : [`new baseline for times: ${differences(lastGood.speed, tonight.speed).join("; ")}`];
  return [...elsewhere, ...times, ...openStill(tonight, lastGood)];
}

/** What is no regression, and must not be forgotten for that. */
function openStill({ claims }: RunSummary, lastGood: RunSummary): string[] {
  const open = claims.filter(
    ({ id, verdict }) =>
      verdict !== "pass" && lastGood.claims.some((before) => before.id === id && before.verdict === verdict),
  );
  if (open.length === 0) return [];
  return [`open as in the last good run: ${open.map(({ id, verdict }) => `${id} ${verdict}`).join(", ")}`];
}
