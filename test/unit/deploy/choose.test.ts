import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AbraDeployer } from "../../../src/deploy/abra.ts";
import { chooseDeployer } from "../../../src/deploy/choose.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { HostDouble } from "../../support/host-double.ts";
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
