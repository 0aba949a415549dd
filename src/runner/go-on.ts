import type { Journal } from "./journal.ts";
import type { Lane, Settled } from "./lane.ts";
import type { Progress } from "./progress.ts";
import { aborted, conclude, cutShort, type VerifyResult } from "./verify.ts";

/** A run that was taken over. */
export interface TakenOver {
  lane: Lane;
  journal: Journal;
  folder: string;
  progress: Progress;
  latest: boolean;
}

/** Waits for the rest of a run whose host is up again, and judges it. From here on it is as any other run. */
export async function goOn(
  { lane, journal, folder, progress, latest }: TakenOver,
  work: Promise<void>,
  settled: Settled,
  signal: AbortSignal,
): Promise<VerifyResult> {
  try {
    await Promise.race([work, aborted(signal)]);
    lane.close();
  } catch (thrown) {
    cutShort(journal, folder, thrown, progress);
    throw thrown;
  } finally {
    await settled();
  }
  return conclude(journal, folder, latest);
}
