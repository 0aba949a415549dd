import { setTimeout as wait } from "node:timers/promises";

/** Between two looks, in milliseconds. */
const [pollMs, longestPollMs] = [50, 1_000];

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
    const asked = performance.now();
    const seen = await probe();
    if (seen === true) return;
    if (performance.now() > deadline) {
      throw new NotInTime(`not true within ${timeoutMs / 1000} s: ${condition}; last seen: ${seen}`);
    }
    // A probe that takes long is work for the machine that is waited for, which may be an emulated one.
    await wait(Math.min(Math.max(pollMs, performance.now() - asked), longestPollMs));
  }
}
