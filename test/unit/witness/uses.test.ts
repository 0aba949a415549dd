import { describe, expect, it } from "vitest";
import { uses } from "../../../src/witness/uses.ts";
import { EngineDouble } from "../../support/engine-double.ts";

const spec = (Name: string, Image: string) => ({ Name, TaskTemplate: { ContainerSpec: { Image } } });

async function engineWith(containers: object[], services: object[] = []): Promise<EngineDouble> {
  const engine = await EngineDouble.listen();
  engine.containers = containers as EngineDouble["containers"];
  engine.services = services as EngineDouble["services"];
  return engine;
}

describe("uses", () => {
  it("tells every container in any state with the image that it was made from, by name", async () => {
    const engine = await engineWith([
      { Names: ["/two"], State: "exited", ImageID: "sha256:2" },
      { Names: ["/one", "/alias"], State: "running", ImageID: "sha256:1" },
      { Names: ["/three"], State: "created", ImageID: "sha256:1" },
      { Names: [], State: "dead", ImageID: "sha256:3" },
    ]);
    expect((await uses(engine.docker)).containers).toEqual([
      { name: "", state: "dead", imageId: "sha256:3" },
      { name: "/one", state: "running", imageId: "sha256:1" },
      { name: "/three", state: "created", imageId: "sha256:1" },
      { name: "/two", state: "exited", imageId: "sha256:2" },
    ]);
  });

  it("tells the image of each service, and the one to which it would roll back", async () => {
    const engine = await engineWith(
      [],
      [
        { ID: "b", Spec: spec("b", "web:2@sha256:2"), PreviousSpec: spec("b", "web:1@sha256:1") },
        { ID: "a", Spec: spec("a", "store:1@sha256:3") },
      ],
    );
    expect((await uses(engine.docker)).services).toEqual([
      { name: "a", image: "store:1@sha256:3", previousImage: null },
      { name: "b", image: "web:2@sha256:2", previousImage: "web:1@sha256:1" },
    ]);
  });

  it("knows services without containers, such as those of a plug-in", async () => {
    const plugin = { Spec: { Name: "p", TaskTemplate: {} }, PreviousSpec: { Name: "p", TaskTemplate: {} } };
    const engine = await engineWith([], [plugin]);
    expect((await uses(engine.docker)).services).toEqual([{ name: "p", image: "", previousImage: null }]);
  });

  it("fails on a service that it cannot read, rather than to leave it out", async () => {
    const engine = await engineWith([], [{ Spec: spec("a", "web:1") }, { ID: "odd" }]);
    await expect(uses(engine.docker)).rejects.toThrow();
  });

  it.each(["GET /containers/json", "GET /services"])("fails where the engine refuses %s", async (what) => {
    const engine = await engineWith([]);
    engine.on(what, () => ({ status: 500, body: { message: "boom" } }));
    await expect(uses(engine.docker)).rejects.toThrow("boom");
  });
});
