import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AbraDeployer } from "../../../src/deploy/abra.ts";
import { chooseDeployer, deployerOnHost } from "../../../src/deploy/choose.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

/** An environment in which nothing of this machine's can be found. */
function emptyEnv(): { root: string; env: NodeJS.ProcessEnv } {
  const root = tempFolder();
  return { root, env: { PATH: join(root, "bin"), XDG_CACHE_HOME: join(root, "cache") } };
}

const noAbra = (seen: string) =>
  expect.objectContaining({ exitCode: ExitCode.unavailable, seen: expect.stringContaining(seen) });

describe("chooseDeployer", () => {
  it("is docker's own client where there is no abra", () => {
    expect(chooseDeployer("auto", emptyEnv().env)).toBeInstanceOf(StackDeployer);
    expect(chooseDeployer("auto", {})).toBeDefined();
  });

  it("is docker's own client where that was asked for, abra or not", () => {
    const { root, env } = emptyEnv();
    writeScript(join(root, "bin/abra"), "");
    expect(chooseDeployer("stack", env)).toBeInstanceOf(StackDeployer);
  });

  it.each(["bin/abra", "cache/pullproof/bin/abra"])("finds abra as %s", (path) => {
    const { root, env } = emptyEnv();
    writeScript(join(root, path), "");
    expect(chooseDeployer("auto", env)).toBeInstanceOf(AbraDeployer);
    expect(chooseDeployer("abra", env)).toBeInstanceOf(AbraDeployer);
  });

  it("takes the first abra of PATH", async () => {
    const { root, env } = emptyEnv();
    const [first, second] = [join(root, "first"), join(root, "second")];
    writeScript(join(first, "abra"), "echo first");
    writeScript(join(second, "abra"), "echo second");
    const deployer = chooseDeployer("auto", { ...env, PATH: `${root}/none:${first}:${second}` });
    const host = new HostDouble().answer(() => ({ exitCode: 1 }));
    await expect(deployer.version(host)).rejects.toThrow(`${first}/abra --version`);
  });

  it("passes over what cannot be executed, and over a folder of that name", () => {
    const { root, env } = emptyEnv();
    mkdirSync(join(root, "bin/abra"), { recursive: true });
    chmodSync(writeScript(join(root, "cache/pullproof/bin/abra"), ""), 0o644);
    expect(chooseDeployer("auto", env)).toBeInstanceOf(StackDeployer);
    expect(() => chooseDeployer("abra", env)).toThrow(noAbra(join(root, "bin/abra")));
  });

  it("wants abra where it was asked for by name", () => {
    const { env } = emptyEnv();
    expect(() => chooseDeployer("abra", env)).toThrow(noAbra("none of"));
  });

  it.each(["auto", "abra"] as const)("takes ABRA for the only abra there is: %s", (name) => {
    const { root, env } = emptyEnv();
    writeScript(join(root, "bin/abra"), "");
    const ABRA = join(root, "elsewhere");
    expect(() => chooseDeployer(name, { ...env, ABRA })).toThrow(noAbra(ABRA));
    mkdirSync(ABRA);
    expect(() => chooseDeployer(name, { ...env, ABRA })).toThrow(noAbra(ABRA));
    writeScript(join(ABRA, "abra"), "");
    expect(chooseDeployer(name, { ...env, ABRA: join(ABRA, "abra") })).toBeInstanceOf(AbraDeployer);
  });

  it("takes an empty ABRA for none", () => {
    expect(chooseDeployer("auto", { ...emptyEnv().env, ABRA: "" })).toBeInstanceOf(StackDeployer);
  });
});

describe("deployerOnHost", () => {
  /** A host whose commands run here, with nothing in PATH but a shell, and `home` as the home. */
  function hostWith(home: string, bin: string): HostDouble {
    return new HostDouble().answer(({ command }) => runHere(command, { PATH: `/bin:${bin}`, HOME: home }));
  }
  const empty = () => hostWith(tempFolder(), tempFolder());

  it("takes the abra that the host has, and puts nothing there", async () => {
    const bin = tempFolder();
    writeScript(join(bin, "abra"), "echo abra version 0.13.0-beta-06a57de");
    const host = hostWith(tempFolder(), bin);
    for (const name of ["auto", "abra"] as const) {
      const deployer = await deployerOnHost(name, host);
      expect(deployer).toBeInstanceOf(AbraDeployer);
      expect(await deployer.version(host)).toBe("0.13.0-beta-06a57de");
    }
    expect(host.executed.at(-1)?.command).toContain(join(bin, "abra"));
    expect(host.done.filter((what) => what.startsWith("copy"))).toEqual([]);
  });

  it("finds the one that the user of the host has for itself", async () => {
    const home = tempFolder();
    writeScript(join(home, ".local/bin/abra"), "");
    expect(await deployerOnHost("abra", hostWith(home, tempFolder()))).toBeInstanceOf(AbraDeployer);
  });

  it("is docker's own client where the host has none, whatever this machine has", async () => {
    expect(await deployerOnHost("auto", empty())).toBeInstanceOf(StackDeployer);
  });

  it("asks nothing of the host where docker's own client was asked for", async () => {
    const host = empty();
    expect(await deployerOnHost("stack", host)).toBeInstanceOf(StackDeployer);
    expect(host.executed).toEqual([]);
  });

  it("wants abra on the host where it was asked for by name", async () => {
    await expect(deployerOnHost("abra", empty())).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      next: expect.stringContaining("--deployer stack"),
    });
  });
});
