import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { InFlight } from "../../../src/hub/in-flight.ts";

/** Whether a promise has come true by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await turn();
  return done;
}

test("nothing is under way at first, and what is leaves in any order", async () => {
  const inFlight = new InFlight<string>();
  expect(inFlight.items()).toEqual([]);
  expect(await isDone(inFlight.idle())).toBe(true);
  for (const item of ["a", "b", "c"]) inFlight.enter(item);
  inFlight.leave("b");
  expect(inFlight.items()).toEqual(["a", "c"]);
});

test("everybody who waits is told when the last is gone, and not before", async () => {
  const inFlight = new InFlight<string>();
  inFlight.enter("a");
  inFlight.enter("b");
  const waiting = [inFlight.idle(), inFlight.idle()];
  inFlight.leave("a");
  expect(await Promise.all(waiting.map(isDone))).toEqual([false, false]);
  inFlight.leave("b");
  await Promise.all(waiting);
  // And who waits from then on waits for what comes from then on.
  inFlight.enter("c");
  const later = inFlight.idle();
  expect(await isDone(later)).toBe(false);
  inFlight.leave("c");
  await later;
});

test("what it tells is a picture: changing it changes nothing", () => {
  const inFlight = new InFlight<string>();
  inFlight.enter("a");
  inFlight.items().pop();
  expect(inFlight.items()).toEqual(["a"]);
});
