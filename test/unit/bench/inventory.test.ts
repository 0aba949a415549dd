import { expect, test } from "vitest";
import { freeableUnits, type SyntheticImage, syntheticHost } from "../../../src/bench/plan/inventory.ts";

const { images } = syntheticHost(1_000, 10);

test("a host has as many images as were asked for, each with an ID and a digest of its own", () => {
  for (const size of [1, 99, 1_000]) expect(syntheticHost(size, 1).images).toHaveLength(size);
  expect(new Set(images.map(({ id }) => id)).size).toBe(images.length);
  expect(new Set(images.map(({ digest }) => digest)).size).toBe(images.length);
});

test("the same size gives the same host", () => {
  expect(syntheticHost(1_000, 10).images).toEqual(images);
});

test("there are names for the largest host that is measured, and none are made up beyond", () => {
  const { images: many } = syntheticHost(10_000, 1);
  expect(new Set(many.map(({ digest }) => digest)).size).toBe(10_000);
  expect(() => syntheticHost(10_001, 1)).toThrow(RangeError);
});

const shared = (some: readonly SyntheticImage[]) =>
  some
    .map(({ layers }) => layers.map(({ diff }) => diff))
    .reduce((common, layers) => common.filter((diff) => layers.includes(diff)));

test("ten layers each: seven are the repository's, three of those the distribution's, three the image's own", () => {
  const [first] = images;
  const family = images.filter(({ repository }) => repository === first?.repository);
  expect(new Set(images.map(({ layers }) => layers.length))).toEqual(new Set([10]));
  expect(shared(family)).toHaveLength(7);
  const [bottom] = first?.layers ?? [];
  const distribution = images.filter(({ layers }) => layers[0]?.diff === bottom?.diff);
  expect(distribution.length).toBeGreaterThan(family.length);
  expect(shared(distribution)).toHaveLength(3);
});

test("an image has the names that its role and the way of its pull leave it", () => {
  const leftOvers = images.filter(({ role }) => role === "left-over");
  expect(leftOvers.length).toBeGreaterThan(0);
  for (const { tags, digests } of leftOvers) expect([...tags, ...digests]).toEqual([]);
  const named = images.filter(({ role }) => role !== "left-over");
  expect(new Set(named.map(({ tags, digests }) => `${tags.length} ${digests.length}`))).toEqual(
    new Set(["0 1", "1 1"]),
  );
});

test("what may go is longer unused than anything else, and holds as much of its own as is told", () => {
  const old = images.filter(({ usedDaysAgo }) => usedDaysAgo >= 7);
  expect(new Set(old.map(({ role }) => role))).toEqual(new Set(["left-over", "orphan"]));
  const others = new Set(
    images.filter((image) => !old.includes(image)).flatMap(({ layers }) => layers.map(({ diff }) => diff)),
  );
  const own = old.flatMap(({ layers }) => layers).filter(({ diff }) => !others.has(diff));
  expect(own.reduce((sum, { bytes }) => sum + bytes, 0)).toBeCloseTo(freeableUnits * 10 * images.length);
});
