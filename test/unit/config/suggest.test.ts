import { describe, expect, it } from "vitest";
import { closest } from "../../../src/config/suggest.ts";

describe("closest", () => {
  const names = ["samples", "seed", "imageStore", "vm", "lab"];

  it.each([
    ["sample", "samples"],
    ["smaples", "samples"],
    ["SEED", "seed"],
    ["image_store", "imageStore"],
    ["IMAGE-STORE", "imageStore"],
    ["kvm", "vm"],
  ])("takes %s for %s", (written, meant) => {
    expect(closest(written, names)).toBe(meant);
  });

  it.each(["moon", "x", "", "--", "simple tests", "s".repeat(10_000)])(
    "has no idea what %j was to be",
    (written) => {
      expect(closest(written, names)).toBeUndefined();
    },
  );
});
