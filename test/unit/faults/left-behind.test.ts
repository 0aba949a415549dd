import { describe, expect, it } from "vitest";
import { leftBehind } from "../../../src/faults/left-behind.ts";
import { labelsOf } from "../../../src/lab/labels.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder } from "../../support/temp.ts";

describe("what a run left behind", () => {
  it("is nothing where the engine has only what belongs to others, and the folder is gone", async () => {
    const engine = await EngineDouble.listen();
    const Labels = labelsOf("other-run");
    engine.containers = [{ Id: "c", Labels }];
    engine.networks = [{ Id: "n", Labels }];
    engine.volumes = [{ Name: "v", Labels }];
    expect(await leftBehind(engine.docker, "run", "/no/such/folder")).toEqual([]);
  });

  it("is counted, whether it runs or not", async () => {
    const engine = await EngineDouble.listen();
    const Labels = labelsOf("run");
    engine.containers = [
      { Id: "c1", Labels, State: "running" },
      { Id: "c2", Labels, State: "exited" },
    ];
    engine.networks = [{ Id: "n", Labels }];
    engine.volumes = [{ Name: "v", Labels }];
    expect(await leftBehind(engine.docker, "run", tempFolder())).toEqual([
      "2 containers",
      "1 network",
      "1 volume",
      "1 temporary folder",
    ]);
  });
});
