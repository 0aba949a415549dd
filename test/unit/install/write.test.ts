import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planFile, toWrite, type WantedFile } from "../../../src/install/plan.ts";
import { renderFiles } from "../../../src/install/render.ts";
import { planFiles, writeFiles } from "../../../src/install/write.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const unit = (path: string, content = "[Unit]\nA=1\nB=2\n"): WantedFile => ({ path, content, once: false });
const settings = (path: string): WantedFile => ({ path, content: "# high: 80%\n", once: true });

describe("planFile", () => {
  it.each([
    ["new", unit("/u"), null, "[Unit]\nA=1\nB=2\n"],
    ["unchanged", unit("/u"), "[Unit]\nA=1\nB=2\n", "[Unit]\nA=1\nB=2\n"],
    ["changed", unit("/u"), "", "[Unit]\nA=1\nB=2\n"],
    ["new", settings("/s"), null, "# high: 80%\n"],
    ["unchanged", settings("/s"), "# high: 80%\n", "# high: 80%\n"],
    ["kept", settings("/s"), "high: 90%\n", "high: 90%\n"],
    ["kept", settings("/s"), "", ""],
  ])("calls it %s: %j where there is %j", (state, wanted, before, after) => {
    const planned = planFile(wanted, before);
    expect(planned).toEqual({ path: wanted.path, state, before, after });
    expect(toWrite([planned])).toEqual(before === after ? [] : [planned]);
  });
});

describe("renderFiles", () => {
  it("shows a new file whole", () => {
    expect(renderFiles([planFile(unit("/u"), null)])).toBe("/u: new\n  + [Unit]\n  + A=1\n  + B=2\n");
  });

  it("shows of a changed file what goes, what comes and what stays", () => {
    const shown = renderFiles([planFile(unit("/u"), "[Unit]\nA=0\nB=2\nC=3\n")]);
    expect(shown.split("\n").slice(1)).toEqual([
      "    [Unit]",
      "  - A=0",
      "  + A=1",
      "    B=2",
      "  - C=3",
      "",
    ]);
    expect(shown).toMatch(/^\/u: changed/);
  });

  it("names a file that stays, and shows nothing of it", () => {
    const { content } = unit("/u");
    const shown = renderFiles([planFile(unit("/u"), content), planFile(settings("/s"), "high: 90%\n")]);
    expect(shown).toMatch(/^\/u: unchanged\n\n\/s: .*stays.*\n$/);
  });
});

describe("writeFiles", () => {
  it("writes for everybody to read, whatever the user's umask, and leaves nothing else behind", async () => {
    const folder = tempFolder();
    const files = [unit(join(folder, "units/a.service")), settings(join(folder, "etc/own/s.yaml"))];
    const umask = process.umask(0o077);
    try {
      await writeFiles(toWrite(planFiles(files)));
    } finally {
      process.umask(umask);
    }
    for (const { path, content } of files) {
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(statSync(path).mode & 0o777).toBe(0o644);
    }
    expect(readdirSync(join(folder, "units"))).toEqual(["a.service"]);
    expect(planFiles(files).map(({ state }) => state)).toEqual(["unchanged", "unchanged"]);
  });

  it("puts a new file in the old one's place instead of changing it", async () => {
    const folder = writeTree(tempFolder(), { "a.service": "old\n" });
    const path = join(folder, "a.service");
    const before = statSync(path).ino;
    await writeFiles(planFiles([unit(path)]));
    expect(statSync(path).ino).not.toBe(before);
    expect(readFileSync(path, "utf8")).toBe(unit(path).content);
  });

  it("tells what was written before something could not be", async () => {
    const folder = writeTree(tempFolder(), { file: "" });
    const paths = [join(folder, "a.service"), join(folder, "file/b.service"), join(folder, "c.service")];
    const plan = paths.map((path) => planFile(unit(path), null));
    await expect(writeFiles(plan)).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/file\/b\.service: .*; written before that: .*a\.service$/),
    });
    expect(readdirSync(folder).sort()).toEqual(["a.service", "file"]);
  });

  it("leaves no half file where one cannot be put in its place", async () => {
    const folder = tempFolder();
    const path = join(folder, "a.service");
    mkdirSync(path);
    await expect(writeFiles([planFile(unit(path), null)])).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("nothing was written"),
    });
    expect(readdirSync(folder)).toEqual(["a.service"]);
  });

  it("calls a folder that this user may not write a matter of permission", async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o555);
    const path = join(folder, "a.service");
    const failed = await asNobody(() => writeFiles([planFile(unit(path), null)]).catch((thrown) => thrown));
    expect(failed).toMatchObject({
      exitCode: ExitCode.unavailable,
      what: expect.stringContaining("may not"),
      seen: expect.stringContaining(path),
      next: expect.stringContaining("root"),
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("planFiles", () => {
  it("does not take a masked unit's place", () => {
    const path = join(tempFolder(), "a.service");
    symlinkSync("/dev/null", path);
    expect(() => planFiles([unit(path)])).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.unavailable,
        seen: expect.stringContaining(path),
        next: expect.stringContaining("systemctl unmask"),
      }),
    );
  });

  it("takes a folder in a file's place for an error", () => {
    const path = join(tempFolder(), "a.service");
    mkdirSync(path);
    expect(() => planFiles([unit(path)])).toThrow(
      expect.objectContaining({ exitCode: ExitCode.unavailable }),
    );
  });

  it("leaves settings alone that are kept elsewhere", () => {
    const folder = writeTree(tempFolder(), { "elsewhere.yaml": "high: 90%\n" });
    const path = join(folder, "prune.yaml");
    symlinkSync("elsewhere.yaml", path);
    expect(planFiles([settings(path)])).toMatchObject([{ state: "kept", after: "high: 90%\n" }]);
  });

  it("leaves a link of settings alone that leads nowhere", () => {
    const path = join(tempFolder(), "prune.yaml");
    symlinkSync("gone.yaml", path);
    expect(() => planFiles([settings(path)])).toThrow(
      expect.objectContaining({ exitCode: ExitCode.unavailable, seen: expect.stringContaining(path) }),
    );
  });
});

/** Does something without root's power over permissions. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}
