import * as z from "zod";
import { type Night, regressions } from "./night.ts";

/** What a night leaves in its run's folder, sealed with it: `nightly.json`. */
export const nightRecord = z.object({
  version: z.literal(1),
  run: z.string(),
  comparedWith: z.string().nullable(),
  newBaseline: z.array(z.string()),
  good: z.boolean(),
  exitCode: z.number(),
  /** What got worse or less sure. */
  regressions: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      before: z.string(),
      tonight: z.string(),
      change: z.string(),
    }),
  ),
  notes: z.array(z.string()),
});

export type NightRecord = z.infer<typeof nightRecord>;

/** What is kept of a night. */
export function recordOf(night: Night): NightRecord {
  const { summary, comparedWith, newBaseline, good, exitCode, notes, compared } = night;
  return {
    version: 1,
    run: summary.run,
    comparedWith,
    newBaseline,
    good,
    exitCode,
    regressions: regressions(compared),
    notes,
  };
}
