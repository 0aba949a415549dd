import { describe, expect, it } from "vitest";
import { ImageStore, imageStore } from "../../../src/witness/images.ts";
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

  it("tells an image once that the engine lists under each of its names", async () => {
    const engine = await EngineDouble.listen();
    const image = { Id: "sha256:a", RepoTags: ["web:1", "web:2"], RepoDigests: [], Size: 7, Layers: ["l1"] };
    engine.images = [image];
    engine.on("GET /images/json", () => ({
      body: ["web:1", "web:2"].map((tag) => ({ ...image, RepoTags: [tag] })),
    }));
    expect((await imageStore(engine.docker)).images).toEqual([
      { id: "sha256:a", tags: ["web:1", "web:2"], digests: [], layers: ["l1"], bytes: 7 },
    ]);
  });

  it("leaves out an image that goes while the others are looked at", async () => {
    const engine = await EngineDouble.listen();
    engine.images = ["sha256:a", "sha256:b"].map((Id) => ({ Id, RepoTags: null, RepoDigests: null }));
    engine.on("GET /images/sha256:a/json", () => ({ status: 404, body: { message: "No such image" } }));
    expect((await imageStore(engine.docker)).images.map(({ id }) => id)).toEqual(["sha256:b"]);
  });

  it("asks for few of many at a time", async () => {
    const engine = await EngineDouble.listen();
    engine.images = Array.from({ length: 200 }, (_, n) => ({
      Id: `sha256:${n}`,
      RepoTags: null,
      RepoDigests: null,
    }));
    let [open, most] = [0, 0];
    engine.on("GET /images/*/json", ({ path }, response) => {
      open += 1;
      most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        response.end(JSON.stringify({ Id: path.split("/")[2], Size: 1, RootFS: {} }));
      });
      return undefined;
    });
    expect((await imageStore(engine.docker)).images).toHaveLength(200);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThan(50);
  });

  it("takes a name that carries a digest for a digest, wherever the engine lists it", async () => {
    const [image] = await storeOf({ "sha256:a": { RepoTags: ["web:1", "web:1@sha256:1"], RepoDigests: [] } });
    expect(image).toMatchObject({ tags: ["web:1"], digests: ["web:1@sha256:1"] });
  });
});

describe("ImageStore", () => {
  const inspected = (engine: EngineDouble) =>
    engine.requests.filter((request) => /^GET .*\/images\/.+\/json$/.test(request)).length;
  const web = { Id: "sha256:a", RepoTags: ["web:1"], RepoDigests: ["web@sha256:1"], Layers: ["l1"], Size: 7 };
  const store = { Id: "sha256:b", RepoTags: null, RepoDigests: ["store@sha256:2"], Layers: ["l1", "l2"] };

  it("inspects again only what the list shows under other names than before", async () => {
    const engine = await EngineDouble.listen();
    engine.images = [web, store];
    const images = new ImageStore(engine.docker);
    const first = await images.look();
    expect(first.map(({ id }) => id)).toEqual(["sha256:a", "sha256:b"]);
    const before = inspected(engine);
    expect(await images.look()).toEqual(first);
    expect(inspected(engine)).toBe(before);
    engine.images = [{ ...web, RepoTags: ["web:1", "web:latest"] }, store];
    expect((await images.look())[0]).toMatchObject({ tags: ["web:1", "web:latest"], layers: ["l1"] });
    expect(inspected(engine)).toBe(before + 1);
  });

  it("forgets what is gone, and sees what comes", async () => {
    const engine = await EngineDouble.listen();
    engine.images = [web];
    const images = new ImageStore(engine.docker);
    await images.look();
    engine.images = [store];
    expect((await images.look()).map(({ id }) => id)).toEqual(["sha256:b"]);
    engine.images = [];
    expect(await images.look()).toEqual([]);
  });

  it("tells an image once that is listed once for each of its names", async () => {
    const engine = await EngineDouble.listen();
    engine.images = [web, store];
    engine.on("GET /images/json", () => ({
      body: [web, { ...web, RepoTags: ["web:latest"], RepoDigests: [] }],
    }));
    expect((await new ImageStore(engine.docker).look()).map(({ id }) => id)).toEqual(["sha256:a"]);
  });

  it("leaves out an image that goes while it looks, and fails on any other trouble", async () => {
    const engine = await EngineDouble.listen();
    engine.images = [web, store];
    engine.on("GET /images/*/json", ({ path }) =>
      path.includes("sha256:a") ? { status: 404, body: { message: "No such image" } } : { body: inspect },
    );
    const inspect = { Id: store.Id, RepoTags: [], RepoDigests: store.RepoDigests, Size: 1, RootFS: {} };
    expect((await new ImageStore(engine.docker).look()).map(({ id }) => id)).toEqual(["sha256:b"]);
    engine.on("GET /images/*/json", () => ({ status: 500, body: { message: "boom" } }));
    await expect(new ImageStore(engine.docker).look()).rejects.toThrow("boom");
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
