import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { engineChoice, openOuterEngine, runtimeDir } from "../../../src/lab/outer-engine.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder } from "../../support/temp.ts";

describe("engineChoice", () => {
  it("tries the system's engine before the private one", () => {
    const { sockets, source } = engineChoice({ PULLPROOF_RUNTIME_DIR: "/x" }, 0);
    expect(sockets).toEqual(["/var/run/docker.sock", "/x/pullproof/docker.sock"]);
    expect(source).toBe("default");
  });

  it("takes a DOCKER_HOST for the user's decision: nothing else is tried", () => {
    expect(engineChoice({ DOCKER_HOST: "unix:///a/b.sock" }, 0)).toEqual({
      sockets: ["/a/b.sock"],
      source: "DOCKER_HOST",
    });
    expect(engineChoice({ DOCKER_HOST: "" }, 0).source).toBe("default");
  });

  it.each([
    "tcp://127.0.0.1:2375",
    "ssh://host",
    "unix://a.sock",
    "/var/run/docker.sock",
    "npipe:////./pipe/x",
  ])("cannot use %s", (DOCKER_HOST) => {
    expect(() => engineChoice({ DOCKER_HOST }, 0)).toThrow(
      expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringContaining(DOCKER_HOST) }),
    );
  });

  it("keeps the private engines of two users apart", () => {
    expect(runtimeDir({}, 1000)).not.toBe(runtimeDir({}, 1001));
    expect(runtimeDir({}, 1000)).not.toBe(runtimeDir({}, 0));
  });
});

describe("openOuterEngine", () => {
  function withDockerHost(address: string): void {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = address;
    onTestFinished(() => {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    });
  }

  it("opens the engine that answers", async () => {
    const engine = await EngineDouble.listen();
    engine.info = { ID: "this one" };
    withDockerHost(`unix://${engine.socket}`);
    expect(await (await openOuterEngine()).info()).toEqual({ ID: "this one" });
  });

  it("says why an engine that answers badly cannot be used", async () => {
    const engine = await EngineDouble.listen();
    engine.on("GET /_ping", () => ({ status: 503 }));
    withDockerHost(`unix://${engine.socket}`);
    await expect(openOuterEngine()).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/engine\.sock: .*503/),
    });
  });

  it("says which socket nobody answers on", async () => {
    const socket = join(tempFolder(), "none.sock");
    withDockerHost(`unix://${socket}`);
    await expect(openOuterEngine()).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining(socket),
      next: expect.stringContaining("DOCKER_HOST"),
    });
  });
});
