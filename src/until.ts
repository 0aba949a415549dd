import { setTimeout as wait } from "node:timers/promises";

const pollMs = 50;

/** A condition did not come true in time. */
export class NotInTime extends Error {
  override readonly name = "NotInTime";
}

/**
 * Waits for a condition. `probe` returns `true` when it holds, or else what it saw instead; a probe that throws
 * ends the wait. Throws `NotInTime` with `condition` and what was last seen when `timeoutMs` milliseconds have passed.
 */
export async function until(
  condition: string,
  timeoutMs: number,
  probe: () => Promise<true | string>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await probe();
    if (seen === true) return;
    if (performance.now() > deadline) {
      throw new NotInTime(`not true within ${timeoutMs / 1000} s: ${condition}; last seen: ${seen}`);
    }
    await wait(pollMs);
  }
}
