import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { lockAlone, lockPath } from "../../../src/policy/lock.ts";
import { until } from "../../../src/until.ts";
import { CommandLine } from "../../support/command-line.ts";
import { writeTree } from "../../support/temp.ts";

/** A process is started for each of these; a busy machine takes its time. */
const patience = { timeout: 60_000 };
const patienceMs = 30_000;

/** A command line, and settings that keep the lock in a folder of its own. */
function lineWith(): { line: CommandLine; stateDir: string; words: (...command: string[]) => string[] } {
  const line = new CommandLine();
  const stateDir = join(line.cwd, "state");
  writeTree(line.cwd, { "prune.yaml": `stateDir: ${stateDir}\n` });
  return { line, stateDir, words: (...command) => ["run", "--config", "prune.yaml", ...command] };
}

/** Whether the lock is free, without keeping it. */
async function free(stateDir: string): Promise<boolean> {
  using lock = await lockAlone(stateDir);
  return lock !== null;
}

/** Waits for a file that a command under the lock writes. */
async function written(path: string): Promise<string> {
  await until(
    `there is ${path}`,
    patienceMs,
    async () => (existsSync(path) && readFileSync(path, "utf8") !== "") || "none",
  );
  return readFileSync(path, "utf8");
}

describe("run", patience, () => {
  it("runs a command with its own options, and passes on what it prints and its exit code", async () => {
    const { line, words } = lineWith();
    const ended = await line.run(...words("--", "sh", "-c", "echo out; echo err >&2; exit 7"));
    expect(ended).toEqual({ code: 7, stdout: "out\n", stderr: "err\n" });
  });

  it("takes what follows the command for the command's, with or without --", async () => {
    const { line, words } = lineWith();
    expect(await line.run(...words("echo", "--json", "--config", "x"))).toMatchObject({
      code: 0,
      stdout: "--json --config x\n",
    });
  });

  it("ends as a shell would where a signal ended the command", async () => {
    const { line, words } = lineWith();
    const { code } = await line.run(...words("--", "sh", "-c", "kill -KILL $$"));
    expect(code).toBe(128 + constants.signals.SIGKILL);
  });

  it("holds the lock for as long as the command runs", async () => {
    const { line, stateDir, words } = lineWith();
    const pipe = join(line.cwd, "gate");
    const run = line.start(...words("--", "sh", "-c", `mkfifo ${pipe}; echo up > up; cat ${pipe}`));
    await written(join(line.cwd, "up"));
    expect(await free(stateDir)).toBe(false);
    writeFileSync(pipe, "");
    expect((await run.ended).code).toBe(0);
    expect(await free(stateDir)).toBe(true);
  });

  it("leaves the lock to the command when it is killed itself", async () => {
    const { line, stateDir, words } = lineWith();
    const pipe = join(line.cwd, "gate");
    const run = line.start(...words("--", "sh", "-c", `mkfifo ${pipe}; echo $$ > pid; cat ${pipe}`));
    const pid = Number(await written(join(line.cwd, "pid")));
    run.child.kill("SIGKILL");
    await once(run.child, "exit");
    expect(process.kill(pid, 0)).toBe(true);
    expect(await free(stateDir)).toBe(false);
    writeFileSync(pipe, "");
    await until("the lock is free", patienceMs, async () => (await free(stateDir)) || "it is held");
    await run.ended;
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "hands %s on to the command, and waits for its end",
    async (signal) => {
      const { line, words } = lineWith();
      const name = signal.slice(3);
      const script = `trap 'echo got ${name}; exit 3' ${name}; echo up > up; while :; do sleep 0.05; done`;
      const run = line.start(...words("--", "sh", "-c", script));
      await written(join(line.cwd, "up"));
      run.child.kill(signal);
      expect(await run.ended).toMatchObject({ code: 3, stdout: `got ${name}\n` });
    },
  );

  it("waits for a prune to end, and says so", async () => {
    const { line, stateDir, words } = lineWith();
    const prune = await lockAlone(stateDir);
    const run = line.start(...words("--", "sh", "-c", "echo up > up"));
    const [said] = await once(run.child.stderr ?? run.child, "data");
    expect(String(said)).toMatch(/a prune is in progress/);
    expect(existsSync(join(line.cwd, "up"))).toBe(false);
    prune?.[Symbol.dispose]();
    expect((await run.ended).code).toBe(0);
    expect(existsSync(join(line.cwd, "up"))).toBe(true);
  });

  it("does not start the command when it is interrupted while it waits", async () => {
    const { line, stateDir, words } = lineWith();
    using prune = await lockAlone(stateDir);
    const run = line.start(...words("--", "sh", "-c", "echo up > up"));
    await once(run.child.stderr ?? run.child, "data");
    run.child.kill("SIGTERM");
    expect((await run.ended).code).toBe(128 + constants.signals.SIGTERM);
    expect(existsSync(join(line.cwd, "up"))).toBe(false);
    expect(prune).not.toBeNull();
  });

  it("runs beside another run, of this harness or another", async () => {
    const { line, stateDir, words } = lineWith();
    const { code } = await line.run(...words("--", "true"));
    expect(code).toBe(0);
    const other = spawn("flock", ["--shared", lockPath(stateDir), "sh", "-c", "echo up; cat"]);
    await once(other.stdout, "data");
    expect(await line.run(...words("--", "echo", "beside"))).toMatchObject({ code: 0, stdout: "beside\n" });
    other.stdin.end();
    await once(other, "close");
  });

  it("without a command is a mistake", async () => {
    const { line, words } = lineWith();
    const ended = await line.run(...words());
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(/missing required argument 'command'[\s\S]*^next: pullproof .*--help$/m);
  });

  it("says of a command that is not there what to do, and lets the lock go", async () => {
    const { line, stateDir, words } = lineWith();
    const ended = await line.run(...words("--", "no-such-command"));
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(/^error: .+\n {2}seen: .*no-such-command.*\n {2}next: .*pullproof run -- /);
    expect(await free(stateDir)).toBe(true);
  });

  it("runs nothing where the lock cannot be taken, or the settings are broken", async () => {
    const { line, stateDir, words } = lineWith();
    writeFileSync(stateDir, "a file");
    expect((await line.run(...words("--", "sh", "-c", "echo up > up"))).code).toBe(ExitCode.unavailable);
    writeTree(line.cwd, { "prune.yaml": "stateDir: relative\n" });
    expect((await line.run(...words("--", "sh", "-c", "echo up > up"))).code).toBe(ExitCode.config);
    expect(existsSync(join(line.cwd, "up"))).toBe(false);
  });
});
