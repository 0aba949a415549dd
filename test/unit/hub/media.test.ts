import { expect, test } from "vitest";
import { kindOf, MediaIndex } from "../../../src/hub/media.ts";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

test("a manifest tells its config from its layers", () => {
  const media = new MediaIndex();
  media.learn(
    bytes({ config: { digest: "sha256:c" }, layers: [{ digest: "sha256:l1" }, { digest: "sha256:l2" }] }),
  );
  expect(["sha256:c", "sha256:l1", "sha256:l2"].map((digest) => media.of(digest))).toEqual([
    "config",
    "layer",
    "layer",
  ]);
});

test("an index tells manifests from nested indexes", () => {
  const media = new MediaIndex();
  media.learn(
    bytes({
      manifests: [
        { digest: "sha256:m", mediaType: "application/vnd.oci.image.manifest.v1+json" },
        { digest: "sha256:i", mediaType: "application/vnd.oci.image.index.v1+json" },
      ],
    }),
  );
  expect(media.of("sha256:m")).toBe("manifest");
  expect(media.of("sha256:i")).toBe("index");
});

test("a digest that is a layer anywhere is a layer, whichever manifest came first", () => {
  const asConfig = bytes({ config: { digest: "sha256:x" }, layers: [] });
  const asLayer = bytes({ config: { digest: "sha256:c" }, layers: [{ digest: "sha256:x" }] });
  for (const order of [
    [asConfig, asLayer],
    [asLayer, asConfig],
  ]) {
    const media = new MediaIndex();
    for (const manifest of order) media.learn(manifest);
    expect(media.of("sha256:x")).toBe("layer");
  }
});

test.each([["not json"], ["null"], ["[]"], ['{"layers":"none"}']])("%s teaches nothing", (text) => {
  const media = new MediaIndex();
  media.learn(Buffer.from(text));
  expect(media.of("sha256:x")).toBe("unknown");
});

test("a content type names the kind, parameters or not", () => {
  expect(kindOf("application/vnd.oci.image.manifest.v1+json; charset=utf-8")).toBe("manifest");
  expect(kindOf("application/vnd.docker.distribution.manifest.list.v2+json")).toBe("index");
  expect(kindOf("application/json")).toBe("unknown");
  expect(kindOf(undefined)).toBe("unknown");
});
