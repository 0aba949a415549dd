import type { Clock } from "../../../src/hub/clock.ts";

/**
 * Time that stands still until somebody waits: then, once the program has nothing else to do, it jumps to the
 * earliest moment that is waited for.
 */
export class ManualClock implements Clock {
  #now = 0;
  #sleepers: { until: number; wake: () => void }[] = [];
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = [];

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ until: this.#now + ms, wake: resolve });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      setImmediate(() => this.#wakeNext());
    });
  }

  #wakeNext(): void {
    const [next, ...rest] = this.#sleepers.toSorted((a, b) => a.until - b.until);
    if (next === undefined) return;
    this.#sleepers = rest;
    this.#now = Math.max(this.#now, next.until);
    next.wake();
  }
}
