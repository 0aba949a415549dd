import { expect, test } from "vitest";
import { renderBenchmarks } from "../../../src/bench/render.ts";

test("the table tells medians and extremes of all samples, the ratio those of the medians", () => {
  const text = renderBenchmarks({ pullproof: [33, 30, 90], shell: [40, 22, 20], engine: "26.1.5" });
  expect(text).toContain("| verify chain | 3 | 33.0 s | 30.0 s | 90.0 s |");
  expect(text).toContain("| shell script | 3 | 22.0 s | 20.0 s | 40.0 s |");
  expect(text).toContain("**1.50**");
});
