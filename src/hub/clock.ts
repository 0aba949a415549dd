import { setTimeout as sleep } from "node:timers/promises";

/** Time as the front sees it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects when `signal` aborts first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The process's monotonic clock, the one that the evidence's times are taken from. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};
