import { expect, it } from "vitest";
import { formatAge } from "../../../src/policy/age.ts";
import { day, hour } from "./hosts.ts";

it.each([
  [0, "0 seconds"],
  [1_000, "1 second"],
  [90_000, "90 seconds"],
  [119_999, "119 seconds"],
  [120_000, "2 minutes"],
  [hour, "60 minutes"],
  [36 * hour, "36 hours"],
  [2 * day, "2 days"],
  [12 * day - 1, "11 days"],
])("formatAge tells %i ms as %s", (milliseconds, words) => {
  expect(formatAge(milliseconds)).toBe(words);
});
