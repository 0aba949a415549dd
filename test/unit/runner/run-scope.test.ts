import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { labelsOf } from "../../../src/lab/labels.ts";
import { labName } from "../../../src/lab/names.ts";
import { waitingFile } from "../../../src/lab/waiting.ts";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import { takeOverRunScope } from "../../../src/runner/run-scope.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** A run that waits for its machine, with another host beside it, and an engine for its reaper. */
async function waitingRun() {
  const engine = await EngineDouble.listen();
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("DOCKER_HOST", `unix://${engine.socket}`);
  const of = (host: string) => ({
    Id: host,
    Labels: labelsOf("r"),
    HostConfig: { NetworkMode: labName("r", host) },
  });
  engine.containers = [of("vm"), of("lab")];
  const folder = writeTree(tempFolder(), {
    [waitingFile]: JSON.stringify({ host: "vm" }),
    "vm/hub/front.sock": "",
    "lab/hub/front.sock": "",
    staged: "",
  });
  return { engine, folder, left: () => engine.containers.map(({ Id }) => Id) };
}

describe("the scope of a run", { timeout: 60_000 }, () => {
  it("is in one hand only, until that lets go", async () => {
    const { folder } = await waitingRun();
    const scope = await takeOverRunScope("r", folder);
    const second = await takeOverRunScope("r", folder).catch((thrown: unknown) => thrown);
    expect(second).toBeInstanceOf(Failure);
    expect(second).toMatchObject({ exitCode: ExitCode.tryLater, seen: expect.stringContaining(folder) });
    await scope[Symbol.asyncDispose]();
    await (await takeOverRunScope("r", folder))[Symbol.asyncDispose]();
  });

  it("ends with the removal of all but the lab that waits, and of that as soon as it waits no more", async () => {
    const { folder, left } = await waitingRun();
    await (await takeOverRunScope("r", folder))[Symbol.asyncDispose]();
    expect(left()).toEqual(["vm"]);
    expect(readdirSync(folder).sort()).toEqual([waitingFile, "vm"].sort());
    const scope = await takeOverRunScope("r", folder);
    rmSync(join(folder, waitingFile));
    await scope[Symbol.asyncDispose]();
    expect(left()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("stages in the run's folder only while it is open", async () => {
    const outside = process.env.TMPDIR;
    const { folder } = await waitingRun();
    const scope = await takeOverRunScope("r", folder);
    expect(process.env.TMPDIR).toBe(folder);
    await scope[Symbol.asyncDispose]();
    expect(process.env.TMPDIR).toBe(outside);
  });
});
