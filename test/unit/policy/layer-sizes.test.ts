import { describe, expect, it } from "vitest";
import { layerSizes } from "../../../src/policy/layer-sizes.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { image } from "./hosts.ts";

/** Sizes of the layers of one image, whose history has steps of so many bytes, oldest first. */
async function sizes(layers: string[], History: number[], bytes: number) {
  const engine = await EngineDouble.listen();
  const stored = { ...image("a", [], layers), bytes };
  engine.images = [{ Id: stored.id, RepoTags: null, RepoDigests: null, History }];
  return Object.fromEntries(await layerSizes(engine.docker, [stored]));
}

describe("layerSizes", () => {
  it("gives each layer the bytes of its step, past the steps that made none", async () => {
    expect(await sizes(["base", "app"], [75, 0, 0, 10, 0], 85)).toEqual({ base: 75, app: 10 });
  });

  it("takes steps one by one where there are as many as layers, empty ones too", async () => {
    expect(await sizes(["base", "empty", "app"], [75, 0, 10], 85)).toEqual({ base: 75, empty: 0, app: 10 });
  });

  it("loses no byte where layers without any cannot be told from steps that made no layer", async () => {
    expect(await sizes(["base", "empty", "app"], [75, 0, 0, 10], 85)).toEqual({
      base: 75,
      empty: 10,
      app: 0,
    });
  });

  it("gives an image without a history to its top layer", async () => {
    expect(await sizes(["one", "two"], [], 85)).toEqual({ one: 0, two: 85 });
  });

  it("says nothing of an image that is gone, and goes on with the next", async () => {
    const engine = await EngineDouble.listen();
    const [gone, there] = [image("gone"), image("there", [], ["its layer"])];
    engine.images = [{ Id: there.id, RepoTags: null, RepoDigests: null, History: [7] }];
    expect(Object.fromEntries(await layerSizes(engine.docker, [gone, there]))).toEqual({ "its layer": 7 });
  });

  it("does not take a failing engine for an image without layers", async () => {
    const engine = await EngineDouble.listen();
    engine.on("GET /images/*/history", () => ({ status: 500, body: { message: "boom" } }));
    await expect(layerSizes(engine.docker, [image("a")])).rejects.toThrow("boom");
  });
});
