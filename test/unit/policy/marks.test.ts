import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { usedShare } from "../../../src/model/pressure.ts";
import {
  defaultMarks,
  formatMark,
  type Marks,
  parseMark,
  pressureOf,
  requireOrder,
} from "../../../src/policy/marks.ts";
import { disk } from "./hosts.ts";

/** Marks from texts; fails where one is no mark. */
function marks(high: string, low: string): Marks {
  const [top, bottom] = [parseMark(high), parseMark(low)];
  if (top === null || bottom === null) throw new Error(`no marks: ${high}, ${low}`);
  return { high: top, low: bottom };
}

describe("parseMark", () => {
  it.each([
    ["80%", { share: 0.8 }],
    ["82.5 %", { share: 0.825 }],
    [" 100% ", { share: 1 }],
    ["40GB", { bytes: 40_000_000_000 }],
    ["1.5 TB", { bytes: 1_500_000_000_000 }],
    ["2GiB", { bytes: 2_147_483_648 }],
    ["512 B", { bytes: 512 }],
    ["10kB", { bytes: 10_000 }],
  ])("reads %j", (text, mark) => {
    expect(parseMark(text)).toEqual(mark);
  });

  it.each([
    "",
    "%",
    "80",
    "0.8",
    "0%",
    "101%",
    "-5%",
    "GB",
    "0GB",
    "40 bananas",
    "40gb",
    "40G",
    "4e1GB",
    "40GB%",
    "40GB 2",
    `${"9".repeat(400)}GB`,
    "1 constructor",
  ])("takes %j for nonsense", (text) => {
    expect(parseMark(text)).toBeNull();
  });

  it.each(["57%", "82.5%", "7%"])("gives %s back as it was written", (text) => {
    const mark = parseMark(text);
    expect(mark && formatMark(mark)).toBe(text.replace("%", " %"));
  });
});

describe("pressureOf", () => {
  it.each([disk(799), disk(0, 799), disk(799, 799)])("is low below the high mark: %j", (fileSystem) => {
    expect(pressureOf(fileSystem, defaultMarks).high).toBe(false);
  });

  it.each([disk(800), disk(0, 800), disk(1000, 1000)])("is high from the high mark on: %j", (fileSystem) => {
    expect(pressureOf(fileSystem, defaultMarks).high).toBe(true);
  });

  it("tells the least that has to go to get below the low mark, of bytes and of inodes", () => {
    expect(pressureOf(disk(900, 20), defaultMarks)).toMatchObject({ freeBytes: 201, freeInodes: 0 });
    expect(pressureOf(disk(20, 730), defaultMarks)).toMatchObject({ freeBytes: 0, freeInodes: 31 });
    expect(pressureOf(disk(700), defaultMarks)).toMatchObject({ aboveLow: true, freeBytes: 1 });
    expect(pressureOf(disk(699, 699), defaultMarks)).toEqual({
      high: false,
      aboveLow: false,
      freeBytes: 0,
      freeInodes: 0,
    });
  });

  // Products such as 0.07 * 100 are not exact: the comparison of shares decides, as in usedShare.
  it.each([7, 14, 29, 55, 56, 57, 58])("is exact at a mark of %i %%", (percent) => {
    const at = marks(`${percent}%`, `${percent - 1}%`);
    const used = (usedBytes: number) => ({ ...disk(usedBytes), totalBytes: 100 });
    expect(pressureOf(used(percent), at).high).toBe(true);
    expect(usedShare(used(percent))).toBeGreaterThanOrEqual(percent / 100);
    expect(pressureOf(used(percent - 0.01), at).high).toBe(false);
    const { freeBytes } = pressureOf(used(percent), at);
    expect(freeBytes).toBe(2);
    expect(pressureOf(used(percent - freeBytes), at).aboveLow).toBe(false);
  });

  it("counts a file system without a number of inodes as one that cannot run out of them", () => {
    const btrfs = disk(10, 0, 0);
    expect(pressureOf(btrfs, defaultMarks)).toMatchObject({ high: false, aboveLow: false, freeInodes: 0 });
    expect(pressureOf({ ...btrfs, usedBytes: 900 }, defaultMarks)).toMatchObject({
      high: true,
      freeBytes: 201,
    });
  });

  it("compares used bytes with an absolute mark", () => {
    const absolute = marks("600B", "500B");
    expect(pressureOf(disk(599), absolute).high).toBe(false);
    expect(pressureOf(disk(600), absolute)).toMatchObject({ high: true, freeBytes: 101 });
    expect(pressureOf(disk(500), absolute)).toMatchObject({ high: false, aboveLow: true });
    expect(pressureOf(disk(499), absolute).aboveLow).toBe(false);
  });

  it.each([
    ["600B", "500B"],
    ["60%", "500B"],
    ["600B", "50%"],
  ])("keeps the default marks for inodes beside %s and %s", (high, low) => {
    expect(pressureOf(disk(10, 799), marks(high, low)).high).toBe(false);
    expect(pressureOf(disk(10, 800), marks(high, low))).toMatchObject({ high: true, freeInodes: 101 });
  });

  it("has percentages count for inodes too", () => {
    expect(pressureOf(disk(10, 600), marks("60%", "50%"))).toMatchObject({ high: true, freeInodes: 101 });
  });
});

describe("requireOrder", () => {
  const config = (seen: RegExp) =>
    expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringMatching(seen) });

  it.each([
    ["70%", "80%"],
    ["80%", "80%"],
    ["40GB", "41GB"],
  ])("refuses high %s with low %s", (high, low) => {
    expect(() => requireOrder(marks(high, low), null)).toThrow(config(/high: .*, low: /));
  });

  it("compares a size with a percentage once there is a disk", () => {
    const mixed = marks("60%", "650B");
    expect(() => requireOrder(mixed, null)).not.toThrow();
    expect(() => requireOrder(mixed, disk(0))).toThrow(config(/60 %.*650 B.*1\.0 kB/));
    expect(() => requireOrder(mixed, { ...disk(0), totalBytes: 2000 })).not.toThrow();
    expect(() => requireOrder(marks("600B", "60%"), disk(0))).toThrow(config(/600 B.*60 %/));
  });

  it("passes the defaults", () => {
    expect(() => requireOrder(defaultMarks, null)).not.toThrow();
    expect(() => requireOrder(defaultMarks, disk(0))).not.toThrow();
  });
});
