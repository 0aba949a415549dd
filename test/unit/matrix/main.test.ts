import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { engines } from "../../../src/matrix/engines.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder } from "../../support/temp.ts";

const main = fileURLToPath(new URL("../../../src/matrix/main.ts", import.meta.url));

/** Calls the command in an empty folder, with nothing on its PATH, and an engine at `socket` where there is one. */
async function call(words: string[], socket = "/nowhere/engine.sock") {
  const cwd = tempFolder();
  const env = { PATH: join(cwd, "bin"), HOME: tempFolder(), DOCKER_HOST: `unix://${socket}`, NO_COLOR: "1" };
  const child = spawn(process.execPath, [main, ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr, left: readdirSync(cwd) };
}

describe("npm run verify:matrix", { timeout: 60_000 }, () => {
  it("tells in its help which engines there are", async () => {
    const { code, stdout } = await call(["--help"]);
    expect(code).toBe(ExitCode.pass);
    for (const { name } of engines) expect(stdout).toContain(name);
  });

  it.each([["wheezy"], ["--wheezy"]])("refuses what it does not know: %s", async (word) => {
    const { code, stderr } = await call([word]);
    expect(code).toBe(ExitCode.usage);
    expect(stderr).toMatch(/wheezy[\s\S]*next: /);
  });

  it("says for each engine why it cannot be had, and leaves nothing where none can", async () => {
    const { socket } = await EngineDouble.listen();
    const { code, stderr, left } = await call([], socket);
    expect(code).toBe(ExitCode.unavailable);
    for (const { name } of engines) expect(stderr).toMatch(new RegExp(`${name}: skipped: .+`));
    expect(stderr).toMatch(/error: no engine of the matrix could be had/);
    expect(left).toEqual([]);
  });
});
