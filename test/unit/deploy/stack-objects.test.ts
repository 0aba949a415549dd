import { describe, expect, it } from "vitest";
import { takenBy } from "../../../src/deploy/stack-objects.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";

const stack = "diary_example_com";
const Labels = stackLabel(stack);

describe("takenBy", () => {
  it("is empty beside other stacks, even those whose names begin alike", async () => {
    const engine = await EngineDouble.listen();
    engine.services = [
      { ID: "s", Spec: { Name: "diary_example_community_app", Labels: stackLabel("other") } },
    ];
    engine.volumes = [{ Name: "diary_example_com" }, { Name: "wiki_diary_example_com_data" }];
    engine.secrets = [{ Spec: { Name: "diary_example_com2_key_v1" } }];
    expect(await takenBy(engine.docker, stack)).toEqual([]);
  });

  it.each<[string, (engine: EngineDouble) => void, string]>([
    ["a service by its label", (e) => (e.services = [{ Spec: { Name: "app", Labels } }]), "service app"],
    [
      "a service by its name",
      (e) => (e.services = [{ Spec: { Name: `${stack}_app` } }]),
      `service ${stack}_app`,
    ],
    ["a task", (e) => (e.tasks = [{ ID: "t1", Labels }]), "task t1"],
    [
      "a container",
      (e) => (e.containers = [{ Id: "c", Names: ["/c"], State: "exited", Labels }]),
      "container /c",
    ],
    ["a network", (e) => (e.networks = [{ Name: `${stack}_internal` }]), `network ${stack}_internal`],
    ["a volume by its name", (e) => (e.volumes = [{ Name: `${stack}_data` }]), `volume ${stack}_data`],
    ["a volume by its label", (e) => (e.volumes = [{ Name: "data", Labels }]), "volume data"],
    ["a secret", (e) => (e.secrets = [{ Spec: { Name: `${stack}_key_v1` } }]), `secret ${stack}_key_v1`],
    ["a config", (e) => (e.configs = [{ Spec: { Name: "conf", Labels } }]), "config conf"],
  ])("tells of %s", async (_, fill, expected) => {
    const engine = await EngineDouble.listen();
    fill(engine);
    expect(await takenBy(engine.docker, stack)).toEqual([expected]);
  });

  it.each(["services", "networks", "volumes", "secrets", "configs"])(
    "throws where %s cannot be listed, and never says that the name is free",
    async (kind) => {
      const engine = await EngineDouble.listen();
      engine.on(`GET /${kind}`, () => ({ status: 500, body: { message: "boom" } }));
      await expect(takenBy(engine.docker, stack)).rejects.toThrow("boom");
    },
  );
});
