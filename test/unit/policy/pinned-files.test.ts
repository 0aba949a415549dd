import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { readPins } from "../../../src/policy/pinned-files.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const compose = (image: string) => `services:\n  app:\n    image: ${image}\n`;

describe("readPins", () => {
  it("reads the compose files of every recipe, and those that are listed, and says which file pins what", () => {
    const folder = writeTree(tempFolder(), {
      "abra/recipes/diary/compose.yml": compose("diary:1"),
      "abra/recipes/diary/compose.mail.yml": compose("mail:2"),
      "abra/recipes/diary/README.md": "image: none",
      "abra/recipes/wiki/compose.yml": compose("wiki:3"),
      "abra/catalogue/compose.yml": compose("no:recipe"),
      "mine.yaml": compose("mine:4"),
    });
    const abra = join(folder, "abra");
    expect(readPins(abra, [join(folder, "mine.yaml")])).toEqual([
      { image: "mail:2", by: join(abra, "recipes/diary/compose.mail.yml") },
      { image: "diary:1", by: join(abra, "recipes/diary/compose.yml") },
      { image: "wiki:3", by: join(abra, "recipes/wiki/compose.yml") },
      { image: "mine:4", by: join(folder, "mine.yaml") },
    ]);
  });

  it("follows a recipe that is a link", () => {
    const folder = writeTree(tempFolder(), { "src/diary/compose.yml": compose("diary:1") });
    mkdirSync(join(folder, "abra/recipes"), { recursive: true });
    symlinkSync(join(folder, "src/diary"), join(folder, "abra/recipes/diary"));
    expect(readPins(join(folder, "abra"), []).map(({ image }) => image)).toEqual(["diary:1"]);
  });

  it("pins nothing where there is no abra directory, nor recipes in it", () => {
    expect(readPins(null, [])).toEqual([]);
    expect(readPins(tempFolder(), [])).toEqual([]);
  });

  it.each<[string, (folder: string) => Parameters<typeof readPins>, RegExp]>([
    ["a recipe that is no compose file", (folder) => [join(folder, "abra"), []], /broken\/compose\.yml/],
    ["a listed file that is not there", (folder) => [null, [join(folder, "none.yml")]], /none\.yml/],
    ["an abra directory that is not there", (folder) => [join(folder, "nowhere"), []], /nowhere/],
  ])("does not go on without %s: any image might be pinned there", async (_, given, seen) => {
    const folder = writeTree(tempFolder(), {
      "abra/recipes/broken/compose.yml": "services: [",
      "abra/recipes/diary/compose.yml": compose("diary:1"),
    });
    expect(await thrownBy(() => readPins(...given(folder)))).toMatchObject({
      exitCode: ExitCode.config,
      seen: expect.stringMatching(seen),
    });
  });
});
