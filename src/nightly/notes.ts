import { differences } from "./conditions.ts";
import type { RunSummary } from "./summary.ts";

/** The good runs that there are, and what of them tonight can be compared with. */
export interface Grounds {
  goodRuns: readonly RunSummary[];
  lastGood: RunSummary | undefined;
  timed: readonly RunSummary[];
  beginAnew: boolean;
}

/** What a reader must know beside what was compared: what was not, and why; one sentence each. */
export function notesOn(tonight: RunSummary, { goodRuns, lastGood, timed, beginAnew }: Grounds): string[] {
  if (beginAnew) return ["a new baseline was asked for: the run's own verdicts decide"];
  const latest = goodRuns.at(-1);
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
