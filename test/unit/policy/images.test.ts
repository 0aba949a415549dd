import { describe, expect, it } from "vitest";
import { ImageIndex, isDangling } from "../../../src/policy/images.ts";
import { image, sha } from "./hosts.ts";

const d = sha("digest");

describe("isDangling", () => {
  it("is true of an image without any name, and of no other", () => {
    expect(isDangling(image("x"))).toBe(true);
    expect(isDangling(image("x", ["nginx:1"]))).toBe(false);
    expect(isDangling(image("x", [`nginx@${d}`]))).toBe(false);
    expect(isDangling(image("x", [`nginx:1@${d}`]))).toBe(false);
  });
});

describe("ImageIndex", () => {
  const tagged = image("tagged", ["nginx:1", "ghcr.io/org/app:latest"]);
  const digest = image("digest", [`nginx@${d}`]);
  const both = image("both", ["other:1", `nginx@${sha("e")}`]);
  const index = new ImageIndex([tagged, digest, both]);
  const bare = sha("tagged").slice("sha256:".length);

  it.each([
    [sha("tagged"), [tagged]],
    [bare.slice(0, 12), [tagged]],
    [sha("tagged").slice(0, 19), [tagged]],
    ["nginx:1", [tagged]],
    ["index.docker.io/library/nginx:1", [tagged]],
    ["ghcr.io/org/app", [tagged]],
    [`nginx@${d}`, [digest]],
    [`nginx:1@${d}`, [digest, tagged]],
    [`elsewhere/nginx@${d}`, [digest]],
    [`nginx@${sha("both")}`, [both]],
    // A digest without a tag is not of latest.
    [`ghcr.io/org/app@${sha("f")}`, []],
    ["nginx", []],
    ["nginx:2", []],
    [`nginx@${sha("f")}`, []],
    ["", []],
    [bare, [tagged]],
    [sha("none"), []],
  ])("finds exactly what %s names", (text, images) => {
    expect(index.exact(text)).toEqual(images);
  });

  it("takes a name before the beginning of an ID, as the engine does", () => {
    const namesake = image("namesake", [`${bare.slice(0, 4)}:latest`]);
    expect(new ImageIndex([tagged, namesake]).exact(bare.slice(0, 4))).toEqual([namesake]);
    expect(new ImageIndex([tagged]).exact(bare.slice(0, 4))).toEqual([tagged]);
  });

  it("finds the images of a repository, and which of them carry no tag of it", () => {
    expect(index.repository("docker.io/nginx:7")).toEqual([tagged, digest, both]);
    expect(index.tagless(`nginx@${sha("f")}`)).toEqual([digest, both]);
    expect(index.repository("org/nginx")).toEqual([]);
    expect(index.tagless("other:2")).toEqual([]);
  });

  it("lists an image once under each key", () => {
    const twice = image("twice", ["nginx:1", `nginx@${d}`, `mirror/nginx@${d}`]);
    const two = new ImageIndex([twice]);
    expect(two.digest(d)).toEqual([twice]);
    expect(two.repository("nginx")).toEqual([twice]);
    expect(two.tagless("nginx")).toEqual([]);
    expect(two.tagless("mirror/nginx")).toEqual([twice]);
  });
});
