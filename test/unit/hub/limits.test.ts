import { expect, test } from "vitest";
import { Limits } from "../../../src/hub/limits.ts";
import { ManualClock } from "./manual-clock.ts";

function limits(limit = 2, windowSeconds = 60) {
  const clock = new ManualClock();
  const budget = { limit, windowSeconds };
  return { clock, limits: new Limits({ account: budget, anonymous: budget }, clock) };
}

test("the headers have Docker Hub's form and count down to zero, not below", () => {
  const { limits: hub } = limits(1, 21_600);
  expect(hub.headers("alice")).toMatchObject({
    "ratelimit-limit": "1;w=21600",
    "ratelimit-remaining": "1;w=21600",
  });
  hub.take("alice");
  hub.take("alice");
  expect(hub.headers("alice")).toMatchObject({ "ratelimit-remaining": "0;w=21600" });
});

test("a pull leaves the window when it is as old as the window is long", () => {
  const { clock, limits: hub } = limits(2, 60);
  expect(hub.take("alice")).toBe(true);
  clock.advance(30_000);
  expect(hub.take("alice")).toBe(true);
  expect(hub.take("alice")).toBe(false);
  expect(hub.retryAfterSeconds("alice")).toBe(30);
  clock.advance(29_999);
  expect(hub.take("alice")).toBe(false);
  expect(hub.retryAfterSeconds("alice")).toBe(1);
  clock.advance(1);
  expect(hub.take("alice")).toBe(true);
  expect(hub.take("alice")).toBe(false);
});

test("accounts do not share a budget, with each other or with anonymous pulls", () => {
  const { limits: hub } = limits(1);
  expect([hub.take("alice"), hub.take("bob"), hub.take(null)]).toEqual([true, true, true]);
  expect([hub.take("alice"), hub.take("bob"), hub.take(null)]).toEqual([false, false, false]);
});

test("accounts have sources of their own that stay the same; anonymous pulls have an address", () => {
  const { limits: hub } = limits();
  const source = (account: string | null) => hub.headers(account)["docker-ratelimit-source"];
  expect(source("alice")).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(source("alice")).toBe(source("alice"));
  expect(source("alice")).not.toBe(source("bob"));
  expect(source(null)).toMatch(/^\d+(\.\d+){3}$/);
});

test("without a limit nothing is refused and no limit is claimed", () => {
  const hub = new Limits({ account: null, anonymous: null }, new ManualClock());
  expect(hub.take("alice")).toBe(true);
  expect(hub.retryAfterSeconds("alice")).toBeNull();
  expect(Object.keys(hub.headers("alice"))).toEqual(["docker-ratelimit-source"]);
});

test("pulls made before a change of budget count against the new one", () => {
  const { limits: hub } = limits(2);
  hub.take("alice");
  hub.set({ account: { limit: 1, windowSeconds: 60 }, anonymous: null });
  expect(hub.take("alice")).toBe(false);
  hub.set({ account: { limit: 0, windowSeconds: 60 }, anonymous: null });
  expect(hub.headers("alice")).toMatchObject({ "ratelimit-remaining": "0;w=60" });
  hub.set({ account: { limit: 3, windowSeconds: 60 }, anonymous: null });
  expect(hub.headers("alice")).toMatchObject({ "ratelimit-remaining": "2;w=60" });
});
