import Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { converge, standing } from "../../../src/deploy/convergence.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";

const [old, current] = ["pullproof/web:1.0.0@sha256:old", "pullproof/web:1.0.0@sha256:new"];

interface TaskChanges {
  service?: string;
  state?: string;
  desired?: string;
  image?: string;
  err?: string;
  container?: string;
}

function task({
  service = "app",
  state = "running",
  desired = "running",
  image = current,
  err,
  container = `c-${service}`,
}: TaskChanges = {}) {
  return {
    Labels: stackLabel("diary"),
    ServiceID: `id-${service}`,
    DesiredState: desired,
    Status: { State: state, Err: err, ContainerStatus: { ContainerID: container } },
    Spec: { ContainerSpec: { Image: image } },
  };
}

function service(name: string, Mode: object = { Replicated: { Replicas: 1 } }) {
  return {
    ID: `id-${name}`,
    Spec: {
      Name: `diary_${name}`,
      Labels: stackLabel("diary"),
      Mode,
      TaskTemplate: { ContainerSpec: { Image: current } },
    },
  };
}

/** An engine with services; each look at its tasks sees the next of `looks`, and the last one from then on. */
async function engineWith(services: object[], ...looks: object[][]): Promise<EngineDouble> {
  const engine = await EngineDouble.listen();
  engine.services = services;
  engine.tasks = looks[0] ?? [];
  engine.containers = ["c1", "c-app", "c-store"].map((Id) => ({ Id, Labels: stackLabel("diary") }));
  let look = 0;
  const foreign = [{ ...task({ service: "app", state: "rejected" }), Labels: stackLabel("another") }];
  engine.on("GET /tasks", ({ filters }) => {
    const seen = looks[Math.min(look, looks.length - 1)] ?? [];
    look += 1;
    const own = filters.label?.join() === "com.docker.stack.namespace=diary";
    return { body: own ? seen : [...seen, ...foreign, ...foreign, ...foreign] };
  });
  return engine;
}

/** How long a wait that cannot end well may take, in seconds. */
const brief = 0.02;
/** Never waited for: the wait ends by itself. */
const long = 60;

describe("converge", () => {
  it("waits until every service runs", async () => {
    const both = [task(), task({ service: "store" })];
    const engine = await engineWith(
      [service("app"), service("store")],
      [],
      [task({ state: "preparing" }), task({ service: "store", state: "starting" })],
      [task(), task({ service: "store", state: "starting" })],
      both,
    );
    const { problem, services } = await converge(engine.docker, "diary", long);
    expect(problem).toBeNull();
    expect(services.map(({ name, running }) => [name, running])).toEqual([
      ["diary_app", true],
      ["diary_store", true],
    ]);
    // Four looks until it is up, and one for the record.
    expect(engine.requests.filter((request) => request === "GET /tasks")).toHaveLength(5);
  });

  it("does not take for running what a swarm remembers from before its machine went down", async () => {
    const engine = await engineWith([service("app")], [task({ container: "gone" })]);
    const { problem } = await converge(engine.docker, "diary", brief);
    expect(problem).toContain("diary_app");
  });

  it("tells the image that the container was really made from", async () => {
    const engine = await engineWith([service("app")], [task({ container: "c1" })]);
    engine.on("GET /containers/c1/json", () => ({ body: { Image: "sha256:stored" } }));
    const { services } = await converge(engine.docker, "diary", long);
    expect(services).toEqual([
      { name: "diary_app", image: current, imageId: "sha256:stored", running: true },
    ]);
  });

  it.each<[string, TaskChanges[], RegExp]>([
    ["no task", [], /diary_app \(no task\)/],
    ["a task that starts", [{ state: "starting" }], /diary_app \(starting\)/],
    ["a task that is to go", [{ desired: "shutdown" }], /diary_app \(running\)/],
    ["a task of the old image", [{ image: old }], /diary_app \(running\)/],
    ["a task that failed", [{ state: "failed", err: "exit 3" }], /diary_app \(failed: exit 3\)/],
    ["only another service's task", [{ service: "store" }], /diary_app \(no task\)/],
  ])("does not take %s for a service that is up, and says what it saw last", async (_, changes, seen) => {
    const engine = await engineWith([service("app")], changes.map(task));
    const { problem, services } = await converge(engine.docker, "diary", brief);
    expect(problem).toMatch(seen);
    expect(problem).toContain("every service of diary is up");
    expect(services).toEqual([expect.objectContaining({ running: false, imageId: null })]);
  });

  it("names only what it waits for, each state once", async () => {
    const engine = await engineWith(
      [service("app"), service("store")],
      [task(), task({ service: "store", state: "pending" }), task({ service: "store", state: "pending" })],
    );
    const { problem } = await converge(engine.docker, "diary", brief);
    expect(problem).toMatch(/last seen: diary_store \(pending\)$/);
  });

  it("wants as many tasks as there are replicas", async () => {
    const twice = service("app", { Replicated: { Replicas: 2 } });
    const one = await engineWith([twice], [task(), task({ image: old })]);
    expect((await converge(one.docker, "diary", brief)).problem).not.toBeNull();
    const two = await engineWith([twice], [task(), task()]);
    expect((await converge(two.docker, "diary", long)).problem).toBeNull();
  });

  it("wants no task of a service that is scaled to none, and one of a global one", async () => {
    const none = service("app", { Replicated: { Replicas: 0 } });
    const global = service("store", { Global: {} });
    const engine = await engineWith([none, global], [], [task({ service: "store" })]);
    expect((await converge(engine.docker, "diary", long)).problem).toBeNull();
    expect(engine.requests.filter((request) => request === "GET /tasks")).toHaveLength(3);
  });

  it("does not call a stack up that has no service", async () => {
    const engine = await engineWith([], []);
    expect(await converge(engine.docker, "diary", brief)).toEqual({
      problem: expect.stringContaining("no service"),
      services: [],
    });
  });

  it("is not mistaken by another stack's services", async () => {
    const engine = await engineWith(
      [{ ...service("app"), Spec: { Name: "x", Labels: stackLabel("another") } }],
      [],
    );
    expect((await converge(engine.docker, "diary", brief)).services).toEqual([]);
  });

  const rejected = { state: "rejected", desired: "shutdown", err: "No such image: pullproof/web:1.0.0" };

  it("gives up when tasks keep being rejected, and says why they were", async () => {
    const engine = await engineWith(
      [service("store"), service("app")],
      [task(rejected)],
      [task(rejected), task(rejected)],
      [task(rejected), task(rejected), task(rejected)],
    );
    const { problem, services } = await converge(engine.docker, "diary", long);
    expect(problem).toMatch(/^diary_app: 3 tasks were rejected: No such image/);
    expect(services.map(({ running }) => running)).toEqual([false, false]);
  });

  it("does not give up over the first rejections, which swarm gets over", async () => {
    const engine = await engineWith(
      [service("app"), service("store")],
      [task(rejected), task(rejected), task({ service: "store", state: "rejected" })],
      [task(rejected), task(rejected), task(), task({ service: "store" })],
    );
    expect((await converge(engine.docker, "diary", long)).problem).toBeNull();
  });

  it("leaves it open whether a stack came up whose engine stopped answering", async () => {
    const gone = new Docker({ socketPath: "/nonexistent/docker.sock" });
    await expect(converge(gone, "diary", long)).rejects.toThrow("ENOENT");
  });

  const updated = (State: string) => ({
    ...service("app"),
    UpdateStatus: { State, Message: "update rolled back due to failure of task x" },
  });

  it.each(["rollback_completed", "rollback_paused"])(
    "sees that swarm took an update back, though every task runs as the service names it: %s",
    async (state) => {
      const engine = await engineWith([updated(state)], [task()]);
      const { problem, services } = await converge(engine.docker, "diary", long);
      expect(problem).toMatch(new RegExp(`^diary_app: .*${state}.*failure of task x`));
      expect(services).toEqual([expect.objectContaining({ image: current })]);
    },
  );

  it.each(["updating", "rollback_started"])(
    "waits for the end of an update that swarm may still take back: %s",
    async (state) => {
      const engine = await engineWith([updated(state)], [task()]);
      const { problem } = await converge(engine.docker, "diary", brief);
      expect(problem).toContain(`diary_app (running; ${state})`);
    },
  );

  it("goes by the tasks of an update that was paused: one of them may have failed before it came up", async () => {
    const up = await engineWith([updated("paused")], [task()]);
    expect((await converge(up.docker, "diary", long)).problem).toBeNull();
    const halfway = await engineWith([updated("paused")], [task({ image: old })]);
    expect((await converge(halfway.docker, "diary", brief)).problem).toContain("(running; paused)");
  });

  it.each([undefined, null, {}, { State: "" }, { State: "completed" }])(
    "does not mind an update that ended well, or none: %j",
    async (UpdateStatus) => {
      const engine = await engineWith([{ ...service("app"), UpdateStatus }], [task()]);
      expect((await converge(engine.docker, "diary", long)).problem).toBeNull();
    },
  );
});

describe("standing", () => {
  it("is the state at one look", async () => {
    const engine = await engineWith([service("app")], [task({ state: "starting" })], [task()]);
    const first = await standing(engine.docker, "diary");
    expect(first).toMatchObject({ problem: "diary_app (starting)", services: [{ running: false }] });
    expect(engine.requests.filter((request) => request === "GET /tasks")).toHaveLength(1);
    expect(await standing(engine.docker, "diary")).toMatchObject({ problem: null });
  });

  it("names what will not come up before what may", async () => {
    const rejected = task({ state: "rejected", err: "No such image" });
    const engine = await engineWith([service("store"), service("app")], [rejected, rejected, rejected]);
    expect((await standing(engine.docker, "diary")).problem).toMatch(/^diary_app: 3 tasks were rejected/);
  });

  it("is not up where there is nothing", async () => {
    const engine = await engineWith([], []);
    expect(await standing(engine.docker, "diary")).toEqual({ problem: "no service", services: [] });
  });
});
