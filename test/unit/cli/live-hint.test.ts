import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { liveHint } from "../../../src/cli/live-hint.ts";
import { managesSwarm } from "../../../src/host/swarm-manager.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const manager = { Swarm: { LocalNodeState: "active", ControlAvailable: true } };

async function engineWith(info: Record<string, unknown>): Promise<EngineDouble> {
  const engine = await EngineDouble.listen();
  engine.info = info;
  return engine;
}

describe("a run that does not judge this machine", () => {
  const hosts = ["lab" as const];

  it("says how to, where this machine manages a swarm, and only looks", async () => {
    const engine = await engineWith(manager);
    const hint = await liveHint({ hosts }, { DOCKER_HOST: `unix://${engine.socket}` });
    expect(hint).toContain("pullproof verify --host live");
    expect(hint).not.toContain("\n");
    expect(engine.requests).toEqual(["GET /info"]);
  });

  it.each([
    ["a worker", { Swarm: { LocalNodeState: "active", ControlAvailable: false } }],
    ["no swarm", { Swarm: { LocalNodeState: "inactive" } }],
    ["an engine that is none", {}],
  ])("says nothing where there is %s", async (_, info) => {
    const engine = await engineWith(info);
    expect(await liveHint({ hosts }, { DOCKER_HOST: `unix://${engine.socket}` })).toBeNull();
  });

  it("says nothing where the machine is judged anyway, and asks nobody", async () => {
    const engine = await engineWith(manager);
    const DOCKER_HOST = `unix://${engine.socket}`;
    expect(await liveHint({ hosts: ["lab", "live"] }, { DOCKER_HOST })).toBeNull();
    expect(engine.requests).toEqual([]);
  });

  it("does not take the private engine of the labs for the user's own", async () => {
    const engine = await engineWith(manager);
    const PULLPROOF_RUNTIME_DIR = writeTree(tempFolder(), { "pullproof-1000/engine": "" });
    const socket = join(PULLPROOF_RUNTIME_DIR, "pullproof-1000/docker.sock");
    symlinkSync(engine.socket, socket);
    const DOCKER_HOST = `unix://${socket}`;
    expect(await liveHint({ hosts }, { DOCKER_HOST, PULLPROOF_RUNTIME_DIR }, 1000)).toBeNull();
    expect(await liveHint({ hosts }, { DOCKER_HOST, PULLPROOF_RUNTIME_DIR }, 1001)).not.toBeNull();
  });

  it.each(["tcp://127.0.0.1:1", "ssh://server"])("does not ask another machine: %s", async (DOCKER_HOST) => {
    expect(await liveHint({ hosts }, { DOCKER_HOST })).toBeNull();
  });
});

describe("managesSwarm", () => {
  it("is false where there is no engine", async () => {
    expect(await managesSwarm(join(tempFolder(), "none.sock"), 1_000)).toBe(false);
  });

  it("is false where an engine says nothing in time", async () => {
    const socket = join(tempFolder(), "silent.sock");
    const server = createServer().listen(socket);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    expect(await managesSwarm(socket, 20)).toBe(false);
  });

  it("is false where an answer does not end in time", async () => {
    const engine = await EngineDouble.listen();
    engine.on("GET /info", (_, response) => {
      response.writeHead(200).write('{"Swarm":');
      return undefined;
    });
    expect(await managesSwarm(engine.socket, 20)).toBe(false);
  });
});
