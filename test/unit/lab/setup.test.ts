import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "../../../src/lab/cache.ts";
import { runtimeDir } from "../../../src/lab/outer-engine.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

const setup = fileURLToPath(new URL("../../../setup", import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Calls the script where it has nothing to call in its turn but what a shell needs. */
function call(words: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(setup, words, { env: { PATH: "/usr/bin:/bin", ...env } }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** Calls one of the script's functions on a machine that has a few programs and doubles of others, and no more. */
function callFunction(name: string, doubles: Record<string, string>): Promise<Ended & { apt: string[] }> {
  const root = tempFolder();
  const log = join(root, "apt.log");
  for (const [program, script] of Object.entries({ id: "echo 0", ...doubles }))
    writeScript(join(root, "bin", program), script.replace("LOG", `echo "$*" >>${log}`));
  for (const program of ["cat", "dirname", "env"])
    symlinkSync(join("/usr/bin", program), join(root, "bin", program));
  // With --help, the script does no more than to define its functions.
  const words = ["-c", `source "$0" --help >/dev/null; ${name}`, setup];
  return new Promise((resolve) => {
    const env = { PATH: join(root, "bin"), HOME: root };
    const child = execFile("/bin/bash", words, { env }, (_, stdout, stderr) => {
      const apt = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [];
      resolve({ code: child.exitCode ?? -1, stdout, stderr, apt });
    });
  });
}

/** A home and a place for sockets in which nothing is, and what is in there afterwards. */
function emptyMachine(): { env: NodeJS.ProcessEnv; made: () => string[] } {
  const root = tempFolder();
  for (const name of ["home", "run"]) mkdirSync(join(root, name));
  return {
    env: { HOME: join(root, "home"), PULLPROOF_RUNTIME_DIR: join(root, "run") },
    made: () => readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.includes("/")),
  };
}

const hasShellcheck = (() => {
  try {
    execFileSync("shellcheck", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe("./setup", () => {
  it("is a script that bash can read", () => {
    expect(() => execFileSync("bash", ["-n", setup], { stdio: "pipe" })).not.toThrow();
  });

  it.skipIf(!hasShellcheck)("has nothing that shellcheck complains of", () => {
    expect(() => execFileSync("shellcheck", [setup], { stdio: "pipe", encoding: "utf8" })).not.toThrow();
  });

  it.each(["--help", "-h"])("explains itself on %s, and does nothing", async (word) => {
    const { env, made } = emptyMachine();
    const ended = await call([word], env);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    for (const option of ["--with-abra", "--down", "DOCKER_HOST", "PULLPROOF_RUNTIME_DIR"])
      expect(ended.stdout).toContain(option);
    expect(made()).toEqual([]);
  });

  it.each([["--up"], ["help"], ["--with-abra", "--down"], [""]])(
    "does nothing on %j %j",
    async (...words) => {
      const { env, made } = emptyMachine();
      const ended = await call(
        words.filter((word) => word !== undefined),
        env,
      );
      expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
      expect(ended.stderr).toMatch(/^error: .+\n {2}seen: .*\n {2}next: \.\/setup --help\n$/);
      expect(made()).toEqual([]);
    },
  );

  it.each<[string, NodeJS.ProcessEnv]>([
    ["by default", {}],
    ["with folders of the user's choice", { XDG_CACHE_HOME: "/a/cache", PULLPROOF_RUNTIME_DIR: "/a/run" }],
    ["with empty variables", { XDG_CACHE_HOME: "", PULLPROOF_RUNTIME_DIR: "" }],
  ])("uses the folders that the program uses, %s", async (_, env) => {
    const HOME = tempFolder();
    const { stdout } = await call(["--help"], { HOME, ...env });
    const inUse = (name: string) => new RegExp(`^ {2}${name} +(.+)$`, "m").exec(stdout)?.[1];
    const uid = process.getuid?.() ?? 0;
    const home = process.env.HOME;
    process.env.HOME = HOME;
    try {
      expect(inUse("cache")).toBe(cacheFolder({ HOME, ...env }));
    } finally {
      if (home === undefined) delete process.env.HOME;
      else process.env.HOME = home;
    }
    expect(inUse("socket")).toBe(join(runtimeDir(env, uid), "docker.sock"));
  });

  describe("gets the tool of one test", () => {
    const debianLike = /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));

    it.skipIf(!debianLike)("from the distribution", async () => {
      const { code, stderr, apt } = await callFunction("try_test_tools", { "apt-get": "LOG" });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "==> packages: installing nix-bin\n" });
      expect(apt).toEqual([expect.stringMatching(/ update$/), expect.stringMatching(/ install nix-bin$/)]);
    });

    it("once", async () => {
      const doubles = { "nix-instantiate": "", "apt-get": "LOG" };
      expect(await callFunction("try_test_tools", doubles)).toMatchObject({ code: 0, stderr: "", apt: [] });
    });

    it.each<[string, Record<string, string>]>([
      ["the distribution has none", { "apt-get": "exit 100" }],
      ["there is no apt", {}],
      ["this user may not install it", { "apt-get": "", id: "echo 1000", sudo: "exit 1" }],
    ])("and goes on without it where %s, saying which test that costs", async (_, doubles) => {
      const { code, stderr } = await callFunction("try_test_tools", doubles);
      expect(code).toBe(0);
      expect(stderr).toMatch(/no nix-bin here.*packaging\/nixos\n$/);
    });
  });
});
