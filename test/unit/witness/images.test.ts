import { describe, expect, it } from "vitest";
import { imageStore } from "../../../src/witness/images.ts";
import { inventory } from "../../../src/witness/inventory.ts";
import { EngineDouble } from "../../support/engine-double.ts";

describe("imageStore", () => {
  /** What the engine tells of each image, by ID. */
  async function storeOf(images: Record<string, object>) {
    const engine = await EngineDouble.listen();
    engine.images = Object.keys(images).map((Id) => ({ Id, RepoTags: null, RepoDigests: null }));
    engine.on("GET /images/*/json", ({ path }) => {
      const Id = path.split("/")[2] ?? "";
      return { body: { Id, Size: 7, RootFS: { Type: "layers", Layers: ["l1", "l2"] }, ...images[Id] } };
    });
    return (await imageStore(engine.docker)).images;
  }

  it("tells every image by ID, with tags, digests and layers, in an order that does not change", async () => {
    const images = {
      "sha256:b": { RepoTags: ["web:2", "web:1"], RepoDigests: ["web@sha256:2", "web@sha256:1"] },
      "sha256:a": { RepoTags: [], RepoDigests: null, RootFS: { Type: "layers" } },
    };
    expect(await storeOf(images)).toEqual([
      { id: "sha256:a", tags: [], digests: [], layers: [], bytes: 7 },
      {
        id: "sha256:b",
        tags: ["web:1", "web:2"],
        digests: ["web@sha256:1", "web@sha256:2"],
        layers: ["l1", "l2"],
        bytes: 7,
      },
    ]);
  });

  it("takes a name that carries a digest for a digest, wherever the engine lists it", async () => {
    const [image] = await storeOf({ "sha256:a": { RepoTags: ["web:1", "web:1@sha256:1"], RepoDigests: [] } });
    expect(image).toMatchObject({ tags: ["web:1"], digests: ["web:1@sha256:1"] });
  });
});

describe("inventory", () => {
  it("names everything but images, stopped containers too, in order", async () => {
    const engine = await EngineDouble.listen();
    engine.services = [{ Spec: { Name: "b" } }, { Spec: { Name: "a" } }];
    engine.containers = [
      { State: "exited", ...{ Names: ["/stopped"] } },
      { State: "running", ...{ Names: [] } },
    ];
    engine.networks = [{ Name: "n" }];
    engine.volumes = [{ Name: "v" }];
    engine.secrets = [{ Spec: { Name: "s" } }];
    engine.configs = [{ Spec: { Name: "c" } }];
    expect(await inventory(engine.docker)).toEqual({
      services: ["a", "b"],
      containers: ["(without a name)", "/stopped"],
      networks: ["n"],
      volumes: ["v"],
      secrets: ["s"],
      configs: ["c"],
    });
  });
});
