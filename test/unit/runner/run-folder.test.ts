import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compareManifest } from "../../../src/check/manifest.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { createRunFolder, files, pointLatest, readManifest } from "../../../src/runner/run-folder.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun } from "../../support/stored-run.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** A sealed run in a folder of its own. */
function sealedRun(): string {
  return storeRun(join(tempFolder(), "run"), simulate({ scenarios: [chain()] }));
}

const sha256sum = (folder: string) =>
  execFileSync("sha256sum", ["--strict", "-c", files.manifest], {
    cwd: folder,
    encoding: "utf8",
    stdio: "pipe",
  });

describe("createRunFolder", () => {
  it("makes the folder and those above it", () => {
    const path = join(tempFolder(), "a/b/run");
    expect(createRunFolder(path).path).toBe(path);
    expect(existsSync(path)).toBe(true);
  });

  it("touches no folder that exists", () => {
    const root = writeTree(tempFolder(), { "run/theirs": "theirs" });
    expect(() => createRunFolder(join(root, "run"))).toThrow(
      expect.objectContaining({ exitCode: ExitCode.usage, seen: join(root, "run") }),
    );
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(["run", "run/theirs"]);
  });

  it("says why a folder cannot be made", () => {
    const root = writeTree(tempFolder(), { file: "" });
    expect(() => createRunFolder(join(root, "file/run"))).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.unavailable,
        seen: expect.stringMatching(/ENOTDIR|EEXIST/),
      }),
    );
  });

  it("can be taken back with all that it made, and nothing else", () => {
    const root = tempFolder();
    mkdirSync(join(root, "theirs"));
    const folder = createRunFolder(join(root, "theirs/reports/run"));
    writeFileSync(join(folder.path, "file"), "");
    folder.remove();
    expect(readdirSync(root, { recursive: true })).toEqual(["theirs"]);
  });

  it("leaves the folder above it when another run uses that by now", () => {
    const root = tempFolder();
    const folder = createRunFolder(join(root, "reports/one"));
    createRunFolder(join(root, "reports/two"));
    folder.remove();
    expect(readdirSync(join(root, "reports"))).toEqual(["two"]);
  });
});

describe("writeResults", () => {
  it("seals every file of the run, so that sha256sum checks it without pullproof", () => {
    const folder = sealedRun();
    const sealed = sha256sum(folder)
      .trim()
      .split("\n")
      .map((line) => line.replace(/: OK$/, ""));
    const there = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && file.name !== files.manifest)
      .map((file) => join(file.parentPath, file.name).slice(folder.length + 1));
    expect(sealed.sort()).toEqual(there.sort());
  });

  it.each([files.evidence, files.verdicts, files.report, files.chart])(
    "lets no byte of %s change unnoticed",
    (name) => {
      const folder = sealedRun();
      appendFileSync(join(folder, name), " ");
      expect(() => sha256sum(folder)).toThrow();
      const read = readManifest(folder);
      expect(read && compareManifest(read.manifest, read.found)).toEqual([
        expect.stringContaining(`${name} was altered`),
      ]);
    },
  );

  it("writes the same bytes for the same evidence", () => {
    const [one, two] = [sealedRun(), sealedRun()];
    const manifest = (folder: string) => readFileSync(join(folder, files.manifest), "utf8");
    expect(manifest(one)).toBe(manifest(two));
  });
});

describe("readManifest", () => {
  it("is null for a run without one", () => {
    const folder = sealedRun();
    rmSync(join(folder, files.manifest));
    expect(readManifest(folder)).toBeNull();
  });

  it("tells a file that is missing", () => {
    const folder = sealedRun();
    rmSync(join(folder, files.report));
    const read = readManifest(folder);
    expect(read && compareManifest(read.manifest, read.found)).toEqual([`${files.report} is missing`]);
  });

  it("refuses what is no manifest any more", () => {
    const folder = sealedRun();
    writeFileSync(join(folder, files.manifest), "all is well\n");
    expect(() => readManifest(folder)).toThrow(
      expect.objectContaining({ exitCode: ExitCode.internal, seen: join(folder, files.manifest) }),
    );
  });
});

describe("pointLatest", () => {
  it("always points to the newest run, by a link that can be moved with the folder", () => {
    const root = tempFolder();
    for (const run of ["one", "two"]) {
      pointLatest(createRunFolder(join(root, run)).path);
      expect(readlinkSync(join(root, "latest"))).toBe(run);
    }
    expect(readdirSync(root).sort()).toEqual(["latest", "one", "two"]);
  });
});
