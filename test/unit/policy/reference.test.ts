import { describe, expect, it } from "vitest";
import type { FileSystem } from "../../../src/model/pressure.ts";
import { planPrune } from "../../../src/policy/reference.ts";

/** A file system of a thousand bytes and a thousand inodes, of which so many are used. */
const disk = (usedBytes: number, usedInodes = 0): FileSystem => ({
  totalBytes: 1000,
  usedBytes,
  totalInodes: 1000,
  usedInodes,
});

describe("the reference policy", () => {
  it.each([disk(0), disk(799), disk(0, 799), disk(799, 799)])(
    "has nothing to do below the mark: %j",
    (fileSystem) => {
      expect(planPrune(fileSystem)).toMatchObject({ remove: [], sufficient: true });
    },
  );

  it.each([disk(800), disk(1000), disk(0, 800), disk(10, 1000)])(
    "removes nothing from the mark on either, and says that this is not enough: %j",
    (fileSystem) => {
      expect(planPrune(fileSystem)).toMatchObject({ remove: [], sufficient: false });
    },
  );

  it("tells the use that decided, and the mark", () => {
    expect(planPrune(disk(300, 910)).reason).toMatch(/91 %.*80 %/);
    expect(planPrune(disk(300, 200)).reason).toMatch(/30 %.*80 %/);
  });

  it("does not take a file system without a number of inodes for a full one", () => {
    expect(planPrune({ totalBytes: 1000, usedBytes: 1, totalInodes: 0, usedInodes: 0 }).sufficient).toBe(
      true,
    );
  });
});
