import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadPruneSettings } from "../../../src/config/prune-settings.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const shipped = fileURLToPath(new URL("../../../packaging/prune.yaml", import.meta.url));
const nowhere = () => join(tempFolder(), "none.yaml");

describe("the settings that are installed", () => {
  it("set nothing", () => {
    const env = { HOME: tempFolder() };
    expect(parse(readFileSync(shipped, "utf8"))).toBeNull();
    expect(loadPruneSettings(shipped, env)).toEqual(loadPruneSettings(undefined, env, nowhere()));
  });

  it("show every setting that there is, with its default", () => {
    const shown = readFileSync(shipped, "utf8").replaceAll(/^# (\w+: .*)$/gm, "$1");
    const file = join(writeTree(tempFolder(), { "shown.yaml": shown }), "shown.yaml");
    // The abra directory is looked for, so the file can only show where that is on most hosts.
    const defaults = loadPruneSettings(undefined, { ABRA_DIR: "/root/.abra" }, nowhere());
    expect(loadPruneSettings(file, {})).toEqual(defaults);
    expect(Object.keys(parse(shown)).sort()).toEqual(Object.keys(defaults).sort());
  });
});
