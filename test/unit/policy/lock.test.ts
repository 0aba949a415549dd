import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { lockAlone, lockHeld, lockPath, lockShared } from "../../../src/policy/lock.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const never = new AbortController().signal;
const noWait = () => {
  throw new Error("there was nothing to wait for");
};

/** Another harness that holds the lock as the documentation says, until its input ends. */
async function otherHarness(stateDir: string, how: "--shared" | "--exclusive"): Promise<() => Promise<void>> {
  const child = spawn("flock", [how, lockPath(stateDir), "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill());
  await once(child.stdout, "data");
  return async () => {
    const closed = once(child, "close");
    child.stdin.end();
    await closed;
  };
}

describe("the run lock", () => {
  it("is held alone, by one at a time, until it is let go", async () => {
    const folder = tempFolder();
    const first = await lockAlone(folder);
    expect(await lockAlone(folder)).toBeNull();
    first?.[Symbol.dispose]();
    using second = await lockAlone(folder);
    expect(second).not.toBeNull();
  });

  it("is shared by runs, and not had alone while one of them goes on", async () => {
    const folder = tempFolder();
    const runs = [await lockShared(folder, noWait, never), await lockShared(folder, noWait, never)];
    runs[0]?.[Symbol.dispose]();
    expect(await lockAlone(folder)).toBeNull();
    runs[1]?.[Symbol.dispose]();
    using alone = await lockAlone(folder);
    expect(alone).not.toBeNull();
  });

  it("is the one that flock takes for other harnesses", async () => {
    const folder = tempFolder();
    const end = await otherHarness(folder, "--shared");
    expect(await lockAlone(folder)).toBeNull();
    (await lockShared(folder, noWait, never))[Symbol.dispose]();
    await end();
    using alone = await lockAlone(folder);
    expect(alone).not.toBeNull();
  });

  it("is waited for by a run, which says so, while a prune holds it", async () => {
    const folder = tempFolder();
    const prune = await lockAlone(folder);
    const waiting = Promise.withResolvers<void>();
    const run = lockShared(folder, waiting.resolve, never);
    await waiting.promise;
    prune?.[Symbol.dispose]();
    using held = await run;
    expect(held.fd).toBeGreaterThan(2);
    expect(await lockAlone(folder)).toBeNull();
  });

  it("is no longer waited for once that is called off", async () => {
    const folder = tempFolder();
    using prune = await lockAlone(folder);
    const off = new AbortController();
    const run = thrownBy(() => lockShared(folder, () => off.abort("SIGTERM"), off.signal));
    expect(await run).toBe("SIGTERM");
    expect(prune).not.toBeNull();
  });

  it("lies in a folder that is made for it, and any user may share it", async () => {
    const folder = join(tempFolder(), "var/lib");
    using held = await lockAlone(folder);
    expect(held).not.toBeNull();
    expect(statSync(lockPath(folder)).mode & 0o444).toBe(0o444);
  });

  it("leaves no descriptor behind when it is let go, or not had", async () => {
    const folder = tempFolder();
    const descriptors = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        const link = `/proc/self/fd/${fd}`;
        return existsSync(link) && readlinkSync(link) === lockPath(folder);
      });
    const held = await lockAlone(folder);
    expect(await lockAlone(folder)).toBeNull();
    expect(descriptors()).toEqual([String(held?.fd)]);
    held?.[Symbol.dispose]();
    expect(descriptors()).toEqual([]);
  });

  it("can be seen to be held, and to be free, without a trace", async () => {
    const folder = join(tempFolder(), "state");
    expect(await lockHeld(folder)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    const held = await lockShared(folder, noWait, never);
    expect(await lockHeld(folder)).toBe(true);
    held[Symbol.dispose]();
    expect(await lockHeld(folder)).toBe(false);
    using alone = await lockAlone(folder);
    expect(alone).not.toBeNull();
  });

  it("is not taken for held where its folder cannot be made", async () => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    expect(await thrownBy(() => lockAlone(file))).toMatchObject({ exitCode: ExitCode.unavailable });
  });

  it("is not taken for held where there is no flock", async () => {
    const path = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = path;
    });
    const folder = tempFolder();
    process.env.PATH = folder;
    expect(await thrownBy(() => lockAlone(folder))).toMatchObject({
      exitCode: ExitCode.unavailable,
      next: expect.stringContaining("util-linux"),
    });
  });

  it("is not taken for held where flock fails", async () => {
    const path = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = path;
    });
    const folder = tempFolder();
    writeFileSync(join(folder, "flock"), "#!/bin/sh\necho not supported here >&2\nexit 71\n", {
      mode: 0o755,
    });
    process.env.PATH = folder;
    expect(await thrownBy(() => lockAlone(folder))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("not supported here"),
    });
  });
});
