import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureDocuum } from "../../../src/gauntlet/docuum.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

/** A machine with a cache folder of its own, and nothing on its PATH but what a test puts there. */
function machine() {
  const root = tempFolder();
  const env = { PATH: join(root, "bin"), XDG_CACHE_HOME: join(root, "cache") };
  const binary = join(root, "cache", "pullproof", "docuum", "bin", "docuum");
  const log: string[] = [];
  return {
    binary,
    log,
    /** What the double of cargo was called with, one call a line. */
    calls: () => (existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8") : ""),
    /** Puts a double of cargo on the PATH, which notes its words and then does as told. */
    cargoDouble: (script: string) =>
      writeScript(join(root, "bin", "cargo"), `PATH=/usr/bin:/bin\necho "$*" >> '${root}/calls'\n${script}`),
    ensure: () => ensureDocuum((line) => log.push(line), env),
  };
}

/** What the double of cargo does to install, as docuum, a script. */
const install = (binary: string, script: string) =>
  `mkdir -p '${dirname(binary)}'
printf '#!/bin/sh\\n%s\\n' "${script}" > '${binary}'
chmod 755 '${binary}'`;

/** The double of docuum that tells the version that was asked for: `install docuum --version VERSION`. */
const asAsked = "echo Docuum $4";

describe("ensureDocuum", () => {
  it("has cargo build the pinned version into the cache folder, and says so", async () => {
    const { binary, cargoDouble, calls, ensure, log } = machine();
    cargoDouble(install(binary, asAsked));
    expect(await ensure()).toEqual({ binary });
    const [, version = "", root] =
      /^install docuum --version (\d+\.\d+\.\d+) --locked --root (.*)\n$/.exec(calls()) ?? [];
    expect(root).toBe(dirname(dirname(binary)));
    expect(log).toEqual([expect.stringContaining(version)]);
  });

  it("builds nothing where that version is in the cache folder", async () => {
    const { binary, cargoDouble, calls, ensure, log } = machine();
    cargoDouble(install(binary, asAsked));
    await ensure();
    const [before, said] = [calls(), log.length];
    expect(await ensure()).toEqual({ binary });
    expect(calls()).toBe(before);
    expect(log).toHaveLength(said);
  });

  it("builds over another version", async () => {
    const { binary, cargoDouble, calls, ensure } = machine();
    writeScript(binary, "echo Docuum 0.1.0");
    cargoDouble(install(binary, asAsked));
    expect(await ensure()).toEqual({ binary });
    expect(calls()).not.toBe("");
  });

  it("tells that cargo is missing", async () => {
    const { ensure } = machine();
    expect(await ensure()).toEqual({ missing: expect.stringMatching(/^cargo.* is not on the PATH$/) });
  });

  it("tells what cargo said last", async () => {
    const { cargoDouble, ensure } = machine();
    cargoDouble("echo 'error: no such crate' >&2; exit 101");
    expect(await ensure()).toEqual({ missing: expect.stringContaining("error: no such crate") });
  });

  it("has a reason where cargo said nothing", async () => {
    const { cargoDouble, ensure } = machine();
    cargoDouble("kill -9 $$");
    expect(await ensure()).toEqual({ missing: expect.stringMatching(/^cargo could not build .*: ./) });
  });

  it("does not hand out a binary that cannot run", async () => {
    const { binary, cargoDouble, ensure } = machine();
    cargoDouble(install(binary, "exit 127"));
    expect(await ensure()).toEqual({ missing: expect.stringContaining(binary) });
  });
});
