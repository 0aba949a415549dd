import { describe, expect, it } from "vitest";
import { count, formatBytes, formatSeconds, list } from "../../../src/check/units.ts";
import { parseReference, sameTag, shortDigest } from "../../../src/model/reference.ts";

describe("parseReference", () => {
  it.each([
    ["web", "library/web", true, null],
    ["web:1", "library/web", true, "1"],
    ["docker.io/library/web:1", "library/web", true, "1"],
    ["docker.io/web", "library/web", true, null],
    ["index.docker.io/a/web:1", "a/web", true, "1"],
    ["a/web:1", "a/web", true, "1"],
    ["ghcr.io/a/web:1", "ghcr.io/a/web", false, "1"],
    ["localhost/web", "localhost/web", false, null],
    ["registry:5000/web", "registry:5000/web", false, null],
    ["registry:5000/a/web:1", "registry:5000/a/web", false, "1"],
  ])("%s", (text, repository, hub, tag) => {
    expect(parseReference(text)).toEqual({ repository, hub, tag, digest: null });
    expect(parseReference(`${text}@sha256:1`)).toEqual({ repository, hub, tag, digest: "sha256:1" });
  });

  it("compares tags by what they name", () => {
    expect(sameTag("web", "docker.io/library/web:latest")).toBe(true);
    expect(sameTag("web:1", "web:2")).toBe(false);
    expect(sameTag("web:1", "ghcr.io/library/web:1")).toBe(false);
  });

  it("shortens digests", () => {
    expect(shortDigest(`a/web@sha256:${"0123456789abcdef".repeat(4)}`)).toBe("a/web@sha256:0123456789ab");
  });
});

describe("units", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_951, "1.0 MB"],
    [23_000_000, "23.0 MB"],
    [1.23e9, "1.2 GB"],
    [5e15, "5000.0 TB"],
  ])("%d bytes", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0.674, "0.67 s"],
    [9.996, "10.0 s"],
    [59.96, "1 min 0 s"],
    [125, "2 min 5 s"],
  ])("%d seconds", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it("counts and lists", () => {
    expect([count(1, "layer"), count(2, "layer"), count(0, "layer")]).toEqual([
      "1 layer",
      "2 layers",
      "0 layers",
    ]);
    expect(list(["a", "b", "c"])).toBe("a, b, c");
    expect(list(["a", "b", "c", "d", "e"])).toBe("a, b, c and 2 more");
  });
});
