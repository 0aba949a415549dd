import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { labels, labelsOf } from "../../../src/lab/labels.ts";
import { allOwned, ownedBy, removeOwned } from "../../../src/lab/owned.ts";
import { waitingFile, waitingFolders, waitingHost } from "../../../src/lab/waiting.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

describe("what the reaper leaves alone", () => {
  it.each<[string, string | null, string | null]>([
    ["nothing where no machine was rebooting", null, null],
    ["the host that was", JSON.stringify({ host: "vm", pat: "x" }), "vm"],
    ["nothing where the file was torn", '{"host":"v', null],
    ["nothing where no host is named", JSON.stringify({ pat: "x" }), null],
    ["nothing where the file is no object", '"vm"', null],
  ])("is %s", (_, text, host) => expect(waitingHost(text)).toBe(host));
});

/** An engine with the lab of a machine and another host's, whose names begin alike. */
async function twoLabs(run: string) {
  const engine = await EngineDouble.listen();
  const of = (lab: string, Id: string) => ({
    Id,
    Labels: labelsOf(run),
    HostConfig: { NetworkMode: lab },
    Mounts: [],
  });
  engine.containers = [of("r-vm", "vm"), of("r-vm", "hub"), of("r-vm-2", "other"), of("r-lab", "lab")];
  engine.networks = ["r-vm", "r-vm-2", "r-lab"].map((Name) => ({ Name, Id: Name, Labels: labelsOf(run) }));
  engine.on("DELETE /networks/*", ({ path }) => {
    engine.networks = engine.networks.filter(({ Name }) => !path.endsWith(`/${Name}`));
    return { status: 204 };
  });
  const left = () => [engine.containers.map(({ Id }) => Id), engine.networks.map(({ Name }) => Name)];
  return { engine, left };
}

describe("removal", () => {
  it("spares the containers and the network of one lab, and no other whose name begins like it", async () => {
    const { engine, left } = await twoLabs("r");
    await removeOwned(engine.docker, ownedBy("r"), "r-vm");
    expect(left()).toEqual([["vm", "hub"], ["r-vm"]]);
  });

  it("spares nothing unless told to", async () => {
    const { engine, left } = await twoLabs("r");
    await removeOwned(engine.docker, ownedBy("r"));
    expect(left()).toEqual([[], []]);
  });
});

describe("the folders of runs that wait", () => {
  it("are told by what their containers share with the controller, and by what lies in them", async () => {
    const engine = await EngineDouble.listen();
    const waits = writeTree(tempFolder(), { [waitingFile]: "{}" });
    const goesOn = tempFolder();
    const container = (run: string, folder: string, role: string) => ({
      Id: role,
      Labels: { [labels.own]: "true", [labels.run]: run },
      Mounts: [
        { Source: join(tempFolder(), "elsewhere"), Destination: "/guest" },
        { Source: join(folder, "vm", role), Destination: "/run/pullproof" },
      ],
    });
    engine.containers = [
      container("a", waits, "hub"),
      container("a", waits, "host"),
      container("b", goesOn, "hub"),
    ];
    expect(await waitingFolders(engine.docker, allOwned)).toEqual([waits]);
    expect(await waitingFolders(engine.docker, ownedBy("a"))).toEqual([waits]);
    expect(await waitingFolders(engine.docker, ownedBy("b"))).toEqual([]);
  });
});
