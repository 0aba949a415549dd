import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "../../../src/lab/cache.ts";
import { runtimeDir } from "../../../src/lab/outer-engine.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder } from "../../support/temp.ts";

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
});
