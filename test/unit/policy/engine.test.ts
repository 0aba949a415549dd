import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import { engineFailure, openLocalEngine } from "../../../src/policy/engine.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

async function engineWith(info: object) {
  const engine = await EngineDouble.listen();
  engine.info = { ID: "E", DockerRootDir: "/data", ...info };
  return { engine, env: { DOCKER_HOST: `unix://${engine.socket}` } };
}

describe("openLocalEngine", () => {
  it("tells what the engine is, and which file tells when it was started", async () => {
    const { engine, env } = await engineWith({ Swarm: { LocalNodeState: "active", ControlAvailable: true } });
    expect(await openLocalEngine(env)).toMatchObject({
      id: "E",
      dataRoot: "/data",
      manager: true,
      containerdStore: false,
      pidFile: engine.socket.replace(/\.sock$/, ".pid"),
    });
  });

  it("tells the containerd store by the driver's status", async () => {
    const { env } = await engineWith({ DriverStatus: [["driver-type", "io.containerd.snapshotter.v1"]] });
    expect(await openLocalEngine(env)).toMatchObject({ containerdStore: true, manager: false });
  });

  it.each([
    ["a worker", { LocalNodeState: "active", ControlAvailable: false }, /worker/, /manager/],
    ["a manager that is locked", { LocalNodeState: "locked", ControlAvailable: false }, /locked/, /unlock/],
  ])("refuses %s of a swarm, which cannot tell what its services need", async (_, Swarm, seen, next) => {
    const { env } = await engineWith({ Swarm });
    const thrown = await thrownBy(() => openLocalEngine(env));
    expect(thrown).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(seen),
      next: expect.stringMatching(next),
    });
  });

  it("says that there is no engine at a socket", async () => {
    const socket = join(tempFolder(), "none.sock");
    expect(await thrownBy(() => openLocalEngine({ DOCKER_HOST: `unix://${socket}` }))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining(socket),
    });
  });

  it("says that this user may not use the engine", async () => {
    const { engine, env } = await engineWith({});
    chmodSync(engine.socket, 0);
    // Root may use any socket: for a moment, be somebody else.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    const thrown = await thrownBy(() => openLocalEngine(env));
    if (root) process.seteuid?.(0);
    expect(thrown).toMatchObject({
      exitCode: ExitCode.unavailable,
      what: expect.stringContaining("user"),
      next: expect.stringContaining("root"),
    });
  });

  it("does not wait for ever for an engine that accepts and stays silent", async () => {
    const socket = join(tempFolder(), "silent.sock");
    const server = createServer(() => {}).listen(socket);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    expect(await thrownBy(() => openLocalEngine({ DOCKER_HOST: `unix://${socket}` }, 20))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("no answer"),
    });
  });

  it.each(["tcp://127.0.0.1:2375", "ssh://root@host"])(
    "refuses an engine that may be elsewhere: %s",
    async (DOCKER_HOST) => {
      expect(await thrownBy(() => openLocalEngine({ DOCKER_HOST }))).toMatchObject({
        exitCode: ExitCode.config,
        seen: expect.stringContaining(DOCKER_HOST),
      });
    },
  );

  it("notices that the engine went away in the middle of an answer", async () => {
    const { engine, env } = await engineWith({});
    const { docker } = await openLocalEngine(env);
    engine.on("GET /images/json", (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("[");
      setImmediate(() => response.destroy());
      return undefined;
    });
    const thrown = await thrownBy(() => docker.listImages());
    expect(engineFailure(thrown)).toMatchObject({ exitCode: ExitCode.unavailable });
  });
});

describe("engineFailure", () => {
  it("puts the engine's own words into what is seen", async () => {
    const { engine, env } = await engineWith({});
    engine.on("GET /images/json", () => ({ status: 500, body: { message: "the store is broken" } }));
    const { docker } = await openLocalEngine(env);
    expect(engineFailure(await thrownBy(() => docker.listImages()))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: "the store is broken",
    });
  });

  it("leaves alone what has nothing to do with the engine", () => {
    const others = [
      new Error("a bug"),
      Object.assign(new Error("no file"), { code: "ENOENT", syscall: "open" }),
    ];
    for (const other of others) expect(engineFailure(other)).toBe(other);
    const failure = new Failure(ExitCode.config, { what: "x", next: "y" });
    expect(engineFailure(failure)).toBe(failure);
  });
});
