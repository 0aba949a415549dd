import { expect, test } from "vitest";
import { ratio, statistics, timeTable } from "../../../src/bench/statistics.ts";

test("a table tells medians and extremes of all samples", () => {
  const text = timeTable({ slow: [33, 30, 90], quick: [4, 2.345, 2] });
  expect(text).toContain("| slow | 3 | 33.0 s | 30.0 s | 90.0 s |");
  expect(text).toContain("| quick | 3 | 2.35 s | 2.00 s | 4.00 s |");
});

test("a ratio is one of medians, so that one slow sample does not count", () => {
  expect(ratio([33, 30, 90], [40, 22, 20])).toBe(1.5);
});

test("without a sample there is no statistic", () => {
  expect(() => statistics([])).toThrow("no result");
});
