import { describe, expect, it } from "vitest";
import { freedByEach } from "../../../src/policy/freed.ts";
import { image, sha } from "./hosts.ts";

const [a, b, kept] = [image("a", [], ["base", "a"]), image("b", [], ["base", "b"]), image("kept", [], ["k"])];
const bytes = new Map([
  ["base", 1000],
  ["a", 10],
  ["b", 20],
]);
const freed = (order: string[], images = [a, b, kept]) =>
  Object.values(Object.fromEntries(freedByEach(order, images, bytes)));

describe("freedByEach", () => {
  it("gives the bytes of a shared layer to the image that goes last", () => {
    expect(freed([sha("a"), sha("b")])).toEqual([10, 1020]);
    expect(freed([sha("b"), sha("a")])).toEqual([20, 1010]);
  });

  it("gives them to nobody while an image stays that has the layer", () => {
    expect(freed([sha("a")])).toEqual([10]);
  });

  it("counts a layer of which no size is known as nothing", () => {
    expect(freed([sha("kept")])).toEqual([0]);
  });
});
