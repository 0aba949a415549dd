import { readdirSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noteRemovals, type Removal, readRemovals, removalsPath } from "../../../src/policy/removals.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const removal = (name: string): Removal => ({
  at: 1,
  id: `sha256:${name}`,
  name,
  reason: 'unused\nfor "days"',
});

describe("the list of removals", () => {
  it("holds what was removed, in order, run after run", async () => {
    const folder = join(tempFolder(), "state");
    await noteRemovals(folder, [removal("a"), removal("b")]);
    await noteRemovals(folder, [removal("c")]);
    expect(await readRemovals(folder)).toEqual(["a", "b", "c"].map(removal));
  });

  it("is not begun by a run that removed nothing", async () => {
    const folder = tempFolder();
    await noteRemovals(folder, []);
    expect(readdirSync(folder)).toEqual([]);
    expect(await readRemovals(folder)).toEqual([]);
  });

  it("explains nothing by a line that cannot be read", async () => {
    const folder = tempFolder();
    await noteRemovals(folder, [removal("a")]);
    await appendFile(removalsPath(folder), '{"at":1,"id":"sha256:b"}\n[]\n\n{"at":1,"id":"sha2');
    expect(await readRemovals(folder)).toEqual([removal("a")]);
  });

  it("names the file that cannot be written", async () => {
    const folder = writeTree(tempFolder(), { file: "" });
    await expect(noteRemovals(join(folder, "file"), [removal("a")])).rejects.toThrow(/removals\.jsonl/);
  });
});
