import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { labImage } from "../../../src/lab/rootfs.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { ensureGuest, guestFolder, requireGuest } from "../../../src/vm/disk.ts";
import { guestSystem } from "../../../src/vm/spec.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", tempFolder());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** An engine that has the guest's system, and whose container ends with a code after it wrote the disk. */
async function builder(code: number): Promise<EngineDouble> {
  const engine = await EngineDouble.listen();
  engine.images = [{ Id: "sha256:guest", RepoTags: [labImage(guestSystem)], RepoDigests: [] }];
  let made = "";
  engine.on("POST /containers/create", ({ body }) => {
    const { Binds } = (body as { HostConfig: { Binds: string[] } }).HostConfig;
    made = Binds.find((bind) => bind.endsWith(":/made"))?.split(":")[0] ?? "";
    return { status: 201, body: { Id: "b1" } };
  });
  engine.on("POST /containers/b1/start", () => {
    writeFileSync(join(made, "disk.img"), "a disk");
    return { status: 204 };
  });
  engine.on("POST /containers/b1/wait", () => ({ body: { StatusCode: code } }));
  engine.on("GET /containers/b1/logs", () => ({ body: "no space left" }));
  engine.on("DELETE /containers/b1", () => ({ status: 204 }));
  return engine;
}

const beside = () => readdirSync(dirname(guestFolder()));
const silent = () => {};

describe("the guest's disk", () => {
  it("is made once, by a container that is gone afterwards, and so is what it was installed from", async () => {
    const engine = await builder(0);
    await ensureGuest(engine.docker, silent);
    expect(readdirSync(requireGuest())).toEqual(["disk.img"]);
    expect(engine.requests).toContain("DELETE /containers/b1");
    expect(engine.requests.filter((request) => request.startsWith("DELETE /images/"))).toHaveLength(1);
    const asked = engine.requests.length;
    await ensureGuest(engine.docker, silent);
    expect(engine.requests).toHaveLength(asked);
  });

  it("that could not be made leaves nothing, and says why", async () => {
    const engine = await builder(3);
    const thrown = await thrownBy(() => ensureGuest(engine.docker, silent));
    expect(thrown).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("no space left"),
      next: expect.stringContaining("./setup"),
    });
    expect(beside()).toEqual([]);
    expect(engine.requests).toContain("DELETE /containers/b1");
  });

  it("that is missing sends to ./setup, and to a run without the machine", async () => {
    expect(existsSync(guestFolder())).toBe(false);
    const thrown = await thrownBy(async () => requireGuest());
    expect(thrown).toMatchObject({ exitCode: ExitCode.unavailable });
    expect((thrown as { next: string }).next).toMatch(/\.\/setup.*--quick/);
  });

  it("has a name that its content decides, below the cache", () => {
    mkdirSync(guestFolder(), { recursive: true });
    expect(requireGuest()).toBe(guestFolder());
    expect(guestFolder({ XDG_CACHE_HOME: "/elsewhere" })).toMatch(
      /^\/elsewhere\/pullproof\/vm\/[0-9a-f]{12}$/,
    );
  });
});
