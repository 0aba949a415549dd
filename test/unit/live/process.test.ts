import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { atMost } from "../../../src/at-most.ts";
import { processStream, runProcess } from "../../../src/host/process.ts";
import { tempFolder } from "../../support/temp.ts";

const sh = (script: string, input?: Parameters<typeof runProcess>[3]) =>
  runProcess("/bin/sh", ["-c", script], {}, input);

describe("runProcess", () => {
  it("tells both outputs and the code", async () => {
    expect(await sh("echo out; echo err >&2; exit 7")).toEqual({
      exitCode: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("hands on a text and then a stream", async () => {
    const rest = Readable.from(["two ", "three"]);
    expect((await sh("cat", { first: "one ", rest })).stdout).toBe("one two three");
  });

  it("tells a signal from a code", async () => {
    expect((await sh("kill -KILL $$")).exitCode).toBe(-1);
  });

  it("does not mind a program that reads nothing", async () => {
    const rest = Readable.from([Buffer.alloc(10_000_000)]);
    expect(await sh("exit 0", { rest })).toMatchObject({ exitCode: 0 });
  });

  it("ends a program whose input fails, and throws why", async () => {
    const rest = new PassThrough();
    const running = sh("cat", { rest });
    rest.destroy(new Error("the disk is gone"));
    await expect(running).rejects.toThrow("the disk is gone");
  });

  it("throws for a program that is not there", async () => {
    await expect(runProcess(join(tempFolder(), "none"), [])).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("processStream", () => {
  it("carries both ways", async () => {
    const stream = processStream("/bin/cat", []);
    stream.end("there and back");
    expect(await text(stream)).toBe("there and back");
  });

  it("loses nothing of what was said before the other end went", async () => {
    const stream = processStream("/bin/sh", ["-c", "head -c 1000000 /dev/zero"]);
    // It is gone by the time that anybody writes or reads.
    stream.write(Buffer.alloc(10_000_000));
    expect(await text(stream)).toHaveLength(1_000_000);
  });

  it("fails where the program is not there", async () => {
    await expect(text(processStream(join(tempFolder(), "none"), []))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("atMost", () => {
  it("lets so many go on at a time, and the others in their order", async () => {
    const turn = atMost(2);
    const begun: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const all = gates.map(({ promise }, index) =>
      turn(async () => {
        begun.push(index);
        await promise;
        return index;
      }),
    );
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve();
    await all[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const { resolve } of gates) resolve();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it("gives the turn on after work that fails", async () => {
    const turn = atMost(1);
    const failing = turn(() => Promise.reject(new Error("no")));
    const next = turn(async () => "went on");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("went on");
    expect(await turn(async () => "and on")).toBe("and on");
  });
});
