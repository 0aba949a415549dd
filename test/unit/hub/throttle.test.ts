import { describe, expect, test } from "vitest";
import { Throttle } from "../../../src/hub/throttle.ts";
import { ManualClock } from "./manual-clock.ts";

const never = new AbortController().signal;

/** Sends so many bytes in pieces of the throttle's size; calls back after each. */
async function send(throttle: Throttle, bytes: number, sent = (_: number) => {}): Promise<void> {
  for (let left = bytes; left > 0; ) {
    const piece = Math.min(left, throttle.piece);
    await throttle.pass(piece, never);
    left -= piece;
    sent(piece);
  }
}

test.each([1000, 50_000, 1_000_000, 3_000_000, 100_000_000])(
  "at %d bytes per second, a second carries a second's bytes, give or take a tenth",
  async (rate) => {
    const clock = new ManualClock();
    await send(new Throttle(rate, clock), rate);
    expect(clock.now()).toBeGreaterThan(900);
    expect(clock.now()).toBeLessThan(1100);
  },
);

test("timers that fire late cost no throughput", async () => {
  const clock = new ManualClock();
  const punctual = clock.wait.bind(clock);
  clock.wait = async (ms, signal) => {
    await punctual(ms, signal);
    clock.advance(15);
  };
  await send(new Throttle(1_000_000, clock), 10_000_000);
  expect(clock.now()).toBeLessThan(11_000);
});

test("an idle spell does not save up for a burst", async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(1_000_000, clock);
  await send(throttle, 100_000);
  clock.advance(60_000);
  const start = clock.now();
  await send(throttle, 1_000_000);
  expect(clock.now() - start).toBeGreaterThan(900);
});

test("two connections take turns on the one line", async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(1_000_000, clock);
  const log: string[] = [];
  await Promise.all(["a", "b"].map((name) => send(throttle, 500_000, () => log.push(name))));
  expect(clock.now()).toBeGreaterThan(900);
  const half = log.slice(0, log.length / 2);
  const share = half.filter((name) => name === "a").length / half.length;
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
});

test("a piece is at most 64 KiB, and small enough on a slow line to keep the flow even", () => {
  const clock = new ManualClock();
  expect(new Throttle(null, clock).piece).toBe(64 * 1024);
  expect(new Throttle(1_000_000_000, clock).piece).toBe(64 * 1024);
  expect(new Throttle(1_000_000, clock).piece).toBeLessThanOrEqual(100_000);
  expect(new Throttle(1, clock).piece).toBeGreaterThan(0);
});

test("an unlimited line never waits", async () => {
  const clock = new ManualClock();
  await send(new Throttle(null, clock), 10_000_000);
  expect(clock.waits).toEqual([]);
});

test("a new rate holds from the next piece on", async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(1000, clock);
  await send(throttle, 1000);
  const slow = clock.now();
  throttle.set(1_000_000);
  await send(throttle, 1_000_000);
  expect(clock.now() - slow).toBeLessThan(1100);
  throttle.set(null);
  const waits = clock.waits.length;
  await send(throttle, 1_000_000);
  expect(clock.waits.length).toBe(waits);
});

test("a waiting piece gives up when its connection is gone", async () => {
  const clock = new ManualClock();
  clock.wait = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const gone = new AbortController();
  const passed = new Throttle(1, clock).pass(1000, gone.signal);
  gone.abort(new Error("gone"));
  await expect(passed).rejects.toThrow("gone");
});

describe("a rate that is none", () => {
  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("%d is refused", (rate) => {
    expect(() => new Throttle(rate, new ManualClock())).toThrow(RangeError);
  });
});
