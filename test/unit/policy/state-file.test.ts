import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { freshRecord } from "../../../src/policy/record.ts";
import { readState, setAside, statePath, writeState } from "../../../src/policy/state-file.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { now } from "./hosts.ts";

const record = freshRecord("E", now);

describe("the state file", () => {
  it("holds what was written, and nothing lies beside it", async () => {
    const folder = join(tempFolder(), "var/lib");
    await writeState(folder, { ...record, since: 1 });
    await writeState(folder, record);
    expect(await readState(folder, "E")).toEqual({ record, problem: null });
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it("is no problem where there is none", async () => {
    expect(await readState(join(tempFolder(), "none"), "E")).toEqual({ record: null, problem: null });
  });

  it.each([
    ["is cut short", JSON.stringify(record).slice(0, 20), /not JSON/],
    ["is empty", "", /not JSON/],
    ["is of another version", JSON.stringify({ ...record, version: 2 }), /version/],
    ["is about another engine", JSON.stringify({ ...record, engine: "F" }), /another engine, F/],
  ])("is a problem to tell where it %s", async (_, text, problem) => {
    const folder = tempFolder();
    writeFileSync(statePath(folder), text);
    expect(await readState(folder, "E")).toEqual({ record: null, problem: expect.stringMatching(problem) });
  });

  it("is a problem to tell where it cannot be read at all", async () => {
    const folder = tempFolder();
    mkdirSync(statePath(folder));
    expect(await readState(folder, "E")).toMatchObject({ record: null, problem: expect.any(String) });
  });

  it("is set aside whole, under a name that tells when", async () => {
    const folder = tempFolder();
    writeFileSync(statePath(folder), "half a rec");
    const aside = await setAside(folder, now);
    expect(readFileSync(aside, "utf8")).toBe("half a rec");
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^state\.json\.unreadable-2026-01-31T12/)]);
  });

  it("is left as it was by a write that fails, and so is the folder", async () => {
    const folder = tempFolder();
    await writeState(folder, record);
    const unwritable = { ...record, since: 1n } as never;
    expect(await thrownBy(() => writeState(folder, unwritable))).toMatchObject({
      exitCode: ExitCode.unavailable,
    });
    expect(await readState(folder, "E")).toEqual({ record, problem: null });
    expect(readdirSync(folder)).toEqual(["state.json"]);
  });

  it.each([
    ["written", (folder: string) => writeState(folder, record)],
    ["set aside", (folder: string) => setAside(folder, now)],
  ])("that cannot be %s is an environment that is missing something", async (_, work) => {
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    expect(await thrownBy(() => work(file))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining(file),
    });
  });
});
