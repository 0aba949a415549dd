import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { LiveHost } from "../../../src/host/live.ts";
import { LiveMachineDouble } from "../../support/live-machine.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("a live host over ssh", { timeout: 60_000 }, () => {
  /** A machine that is reached by ssh, and that has lost the run's folder. */
  async function reached() {
    const machine = await LiveMachineDouble.listen();
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("PATH", machine.path);
    const folder = join(tempFolder(), "pullproof-x");
    const host = await LiveHost.attach({ dockerHost: `ssh://${LiveMachineDouble.name}` }, folder);
    onTestFinished(() => host.leave());
    return { machine, host, folder };
  }

  it("is rebooted once, and is afterwards where it was: engine, commands, folder", async () => {
    const { machine, host, folder } = await reached();
    machine.engine.info = { Name: "there" };
    expect(await host.restart("reboot")).toEqual({ problem: null, output: null });
    expect(machine.told.filter((line) => line.includes("reboot"))).toEqual(["systemctl reboot"]);
    expect(machine.boot).toBe(1);
    expect(await host.docker.info()).toMatchObject({ Name: "there" });
    expect(await host.exec(["echo", "there"])).toMatchObject({ exitCode: 0, stdout: "there\n" });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await host[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
  });

  it.each(["restart", "power-cut"] as const)("is never told to %s", async (manner) => {
    const { machine, host } = await reached();
    expect(await thrownBy(() => host.restart(manner))).toBeInstanceOf(Error);
    expect(machine.told.filter((line) => !line.startsWith("docker context"))).toEqual([]);
  });
});
