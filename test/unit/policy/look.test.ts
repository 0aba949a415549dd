import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { diskOf, Look, requireDataRoot } from "../../../src/policy/look.ts";
import { listedContainer, listedService, PruneHost } from "../../support/prune-host.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { image, sha } from "./hosts.ts";

async function look(change: (host: PruneHost) => void = () => {}, containerdRoot?: string) {
  const host = await PruneHost.with([image("b", ["b:1"]), image("a")]);
  change(host);
  const engine = await host.open();
  return { host, engine, look: new Look(engine, containerdRoot === undefined ? {} : { containerdRoot }) };
}

const seen = async (change: (host: PruneHost) => void) => (await look(change)).look.whole();

describe("Look", () => {
  it("sees every image, and what its layers are", async () => {
    const { images } = await seen(() => {});
    expect(images).toEqual([image("a"), image("b", ["b:1"])].sort((x, y) => (x.id < y.id ? -1 : 1)));
  });

  it("sees containers in any state, and which of them are swarm's", async () => {
    const { containers } = await seen(({ engine }) => {
      engine.containers = [
        listedContainer(sha("a"), { Id: "c1", Image: "a:1", State: "exited" }),
        listedContainer(sha("b"), { Id: "c2", Labels: { "com.docker.swarm.task.id": "t" } }),
      ];
    });
    expect(containers).toEqual([
      { id: "c1", name: "c1", state: "exited", imageId: sha("a"), image: "a:1", task: false },
      { id: "c2", name: "c2", state: "running", imageId: sha("b"), image: sha("b"), task: true },
    ]);
  });

  it("asks an engine without a swarm for no service", async () => {
    const { host, look: it } = await look();
    expect(await it.whole()).toMatchObject({ services: [], tasksUnderway: [] });
    expect(host.engine.requests).not.toContain("GET /services");
  });

  it("sees services with the spec before, and how many of their tasks run", async () => {
    const { services } = await seen((host) => {
      host.manageSwarm();
      const PreviousSpec = { TaskTemplate: { ContainerSpec: { Image: "web:1@sha256:1" } } };
      host.engine.services = [
        { ...listedService("web:2@sha256:2", 1, 3), PreviousSpec },
        {
          ID: "s2",
          Spec: { Name: "plugin", TaskTemplate: {} },
          ServiceStatus: { RunningTasks: 0, DesiredTasks: 0 },
        },
      ];
    });
    expect(services).toEqual([
      { name: "web", image: "web:2@sha256:2", previousImage: "web:1@sha256:1", desired: 3, running: 1 },
      { name: "plugin", image: "", previousImage: null, desired: 0, running: 0 },
    ]);
  });

  it("asks for the status of services, which the engine leaves out otherwise", async () => {
    const { host, look: it } = await look((host) => host.manageSwarm());
    await it.whole();
    expect(host.engine.calls.find(({ path }) => path === "/services")?.query.get("status")).toBe("true");
  });

  it("does not take a job that is done for a service that is not up", async () => {
    const { services } = await seen((host) => {
      host.manageSwarm();
      host.engine.services = [
        {
          ID: "j",
          Spec: { Name: "job", Mode: { ReplicatedJob: { TotalCompletions: 1 } } },
          ServiceStatus: { RunningTasks: 0, DesiredTasks: 1, CompletedTasks: 1 },
        },
      ];
    });
    expect(services).toMatchObject([{ desired: 0, running: 0 }]);
  });

  it("refuses an engine that does not tell whether services are up", async () => {
    const { look: it } = await look((host) => {
      host.manageSwarm();
      host.engine.services = [{ ID: "s", Spec: { Name: "web" } }];
    });
    expect(await thrownBy(() => it.whole())).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("web"),
    });
  });

  it.each(["new", "pending", "assigned", "accepted", "preparing", "ready", "starting"])(
    "takes a task that is %s for one under way",
    async (State) => {
      const task = { ServiceID: "s1", Slot: 2, DesiredState: "running", Status: { State } };
      const { tasksUnderway } = await seen((host) => {
        host.manageSwarm();
        host.engine.services = [listedService("web:1")];
        host.engine.tasks = [task, { ...task, Slot: undefined, NodeID: "n1" }];
      });
      expect(tasksUnderway).toEqual([`web.2 (${State})`, `web.n1 (${State})`]);
    },
  );

  it.each([
    ["running", "running"],
    ["complete", "shutdown"],
    ["failed", "shutdown"],
    ["rejected", "shutdown"],
    ["pending", "shutdown"],
    ["preparing", "remove"],
  ])("takes a task that is %s and wanted %s for none", async (State, DesiredState) => {
    const { tasksUnderway } = await seen((host) => {
      host.manageSwarm();
      host.engine.tasks = [{ ServiceID: "s1", Slot: 1, DesiredState, Status: { State } }];
    });
    expect(tasksUnderway).toEqual([]);
  });

  const ingest = "io.containerd.content.v1.content/ingest";

  it.each(["tmp/GetImageBlob123", `containerd/daemon/${ingest}/4f/data`])(
    "sees a pull in flight below the data root: %s",
    async (path) => {
      const { pulls } = await seen((host) => void writeTree(host.dataRoot, { [path]: "" }));
      expect(pulls).toEqual([expect.stringMatching(/GetImageBlob123$|ingest\/4f$/)]);
    },
  );

  it("takes other temporary files for no pull", async () => {
    const { pulls } = await seen(
      (host) => void writeTree(host.dataRoot, { "tmp/docker-builder1/x": "", "tmp/y": "" }),
    );
    expect(pulls).toEqual([]);
  });

  it("sees pulls of a containerd of the system's, where that keeps the images, and only there", async () => {
    const root = writeTree(tempFolder(), { [`${ingest}/5a/data`]: "" });
    const { host, look: graphdriver } = await look(() => {}, root);
    expect((await graphdriver.whole()).pulls).toEqual([]);
    host.engine.info = {
      ...host.engine.info,
      DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"]],
    };
    const containerd = new Look(await host.open(), { containerdRoot: root });
    expect((await containerd.whole()).pulls).toEqual([`${root}/${ingest}/5a`]);
  });

  it("does not take a folder that it cannot read for one without a pull", async () => {
    const { look: it } = await look((host) => writeFileSync(`${host.dataRoot}/tmp`, "a file"));
    expect(await thrownBy(() => it.whole())).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("tmp"),
    });
  });

  it("does not ask for an image again that the list shows as before", async () => {
    const { host, look: it } = await look();
    await it.whole();
    host.engine.requests.length = 0;
    host.engine.images = host.engine.images.map((one) =>
      one.Id === sha("b") ? { ...one, RepoTags: ["b:2"] } : one,
    );
    const { images } = await it.whole();
    expect(images.find(({ id }) => id === sha("b"))?.tags).toEqual(["b:2"]);
    expect(host.engine.requests.filter((request) => request.startsWith("GET /images/sha"))).toEqual([
      `GET /images/${sha("b")}/json`,
    ]);
  });
});

describe("the disk", () => {
  it("is that of the data root, as df counts it", async () => {
    const { totalBytes, usedBytes, totalInodes, usedInodes } = await diskOf(tempFolder());
    expect(totalBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeLessThanOrEqual(totalBytes);
    expect(usedInodes).toBeLessThanOrEqual(totalInodes);
  });

  it("cannot be told of a folder that is not on this machine", async () => {
    expect(await thrownBy(() => diskOf("/no/such/folder"))).toMatchObject({ exitCode: ExitCode.unavailable });
  });
});

describe("requireDataRoot", () => {
  it("accepts a folder that can be written", async () => {
    const { engine } = await look();
    await expect(requireDataRoot(engine)).resolves.toBeUndefined();
  });

  it.runIf(process.getuid?.() !== 0)("refuses one that this user may not write", async () => {
    const { host, engine } = await look();
    chmodSync(host.dataRoot, 0o555);
    expect(await thrownBy(() => requireDataRoot(engine))).toMatchObject({
      exitCode: ExitCode.unavailable,
      what: expect.stringContaining("user"),
    });
  });

  it("refuses one that is not there", async () => {
    const { host, engine } = await look();
    rmSync(host.dataRoot, { recursive: true });
    expect(await thrownBy(() => requireDataRoot(engine))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining(host.dataRoot),
    });
    mkdirSync(host.dataRoot);
    await expect(requireDataRoot(engine)).resolves.toBeUndefined();
  });
});
