import type { Clock } from "./clock.ts";

/** The largest piece of a body that is written at once. */
const MAX_PIECE = 64 * 1024;
/** The smallest, so that a very slow line is not ground to dust. */
const MIN_PIECE = 1024;
/** Pieces are cut to about this much line time, so that connections take turns and the flow is even. */
const PIECE_MS = 20;
/** Line time that may be caught up after a late timer or an idle spell: 5 % of a second. */
const CATCH_UP_MS = 50;

/**
 * One line that all connections share, as they share a host's uplink. It keeps the time at which the line is
 * next free; each piece books its share of time behind the last, so that bookings from several connections
 * interleave and a timer that fires late costs no throughput.
 */
export class Throttle {
  readonly #clock: Clock;
  #bytesPerSecond: number | null = null;
  #free = Number.NEGATIVE_INFINITY;

  /** @throws RangeError unless the rate is positive, or null for unlimited. */
  constructor(bytesPerSecond: number | null, clock: Clock) {
    this.#clock = clock;
    this.set(bytesPerSecond);
  }

  /**
   * A new rate for all bytes that are not booked yet; they follow those that are.
   * @throws RangeError unless the rate is positive, or null for unlimited.
   */
  set(bytesPerSecond: number | null): void {
    if (bytesPerSecond !== null && !(bytesPerSecond > 0 && Number.isFinite(bytesPerSecond)))
      throw new RangeError(
        `a bandwidth is a positive number of bytes per second or null, not ${bytesPerSecond}`,
      );
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** How many bytes to pass at a time. */
  get piece(): number {
    if (this.#bytesPerSecond === null) return MAX_PIECE;
    return Math.min(MAX_PIECE, Math.max(MIN_PIECE, Math.floor((this.#bytesPerSecond * PIECE_MS) / 1000)));
  }

  /** Resolves when the line has carried `bytes` more; rejects when `signal` aborts first. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#bytesPerSecond === null) return;
    const now = this.#clock.now();
    this.#free = Math.max(this.#free, now - CATCH_UP_MS) + (bytes / this.#bytesPerSecond) * 1000;
    if (this.#free > now) await this.#clock.wait(this.#free - now, signal);
  }
}
