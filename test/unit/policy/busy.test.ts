import { describe, expect, it } from "vitest";
import { busyReason } from "../../../src/policy/busy.ts";
import { service } from "./hosts.ts";

const rest = { services: [], tasksUnderway: [], pulls: [] };

describe("busyReason", () => {
  it.each([
    [{}],
    [{ services: [service("nginx:1")] }],
    [{ services: [service("nginx:1", { desired: 0, running: 0 })] }],
    [{ services: [service("nginx:1", { desired: 1, running: 2 })] }],
  ])("is null on a host at rest: %j", (changes) => {
    expect(busyReason({ ...rest, ...changes })).toBeNull();
  });

  it.each([
    [{ services: [service("nginx:1", { desired: 3, running: 2 })] }, /1 service.*web \(2 of 3 running\)/],
    [{ tasksUnderway: ["web.1 (preparing)"] }, /1 task .*web\.1 \(preparing\)/],
    [{ pulls: ["/data/tmp/GetImageBlob7"] }, /1 pull .*GetImageBlob7/],
    [{ tasksUnderway: ["web.1 (starting)"], pulls: ["a", "b"] }, /1 task .*; 2 pulls .*a, b/],
  ])("names what goes on: %j", (changes, words) => {
    expect(busyReason({ ...rest, ...changes })).toMatch(words);
  });

  it("says the same in whatever order the engine lists things", () => {
    const pulls = ["a", "b", "c", "d", "e"];
    expect(busyReason({ ...rest, pulls: pulls.toReversed() })).toBe(busyReason({ ...rest, pulls }));
  });
});
