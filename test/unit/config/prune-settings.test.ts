import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadPruneSettings, parseDuration } from "../../../src/config/prune-settings.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** An environment without an abra directory. */
const bare = () => ({ HOME: tempFolder() });
const nowhere = () => join(tempFolder(), "none.yaml");

/** A file of this content. */
const file = (content: string) => join(writeTree(tempFolder(), { "prune.yaml": content }), "prune.yaml");
const load = (content: string) => loadPruneSettings(file(content), bare(), nowhere());

const day = 86_400_000;

describe("loadPruneSettings", () => {
  it("has the issue's defaults, and removes neither containers nor build cache", () => {
    expect(loadPruneSettings(undefined, bare(), nowhere())).toEqual({
      high: { share: 0.8 },
      low: { share: 0.7 },
      minAge: 7 * day,
      keep: [],
      abraDir: null,
      composeFiles: [],
      stateDir: "/var/lib/pullproof",
      containers: null,
      buildCache: null,
    });
  });

  it("reads every setting", () => {
    const content = `
high: 40GB
low: 30GB
minAge: 36h
keep: [nginx, "ghcr.io/org/**"]
abraDir: /srv/abra
composeFiles: [/srv/app/compose.yml]
stateDir: /srv/state
containers: { minAge: 2d }
buildCache: { minAge: 90m }
`;
    expect(load(content)).toEqual({
      high: { bytes: 40e9 },
      low: { bytes: 30e9 },
      minAge: 1.5 * day,
      keep: ["nginx", "ghcr.io/org/**"],
      abraDir: "/srv/abra",
      composeFiles: ["/srv/app/compose.yml"],
      stateDir: "/srv/state",
      containers: { minAge: 2 * day },
      buildCache: { minAge: 5_400_000 },
    });
  });

  it("takes the standard file where none is named, and the named one before it", () => {
    const standard = file("minAge: 1d\n");
    expect(loadPruneSettings(undefined, bare(), standard).minAge).toBe(day);
    expect(loadPruneSettings(file("minAge: 2d\n"), bare(), standard).minAge).toBe(2 * day);
    expect(loadPruneSettings(file("high: 90%\n"), bare(), standard).minAge).toBe(7 * day);
  });

  it.each(["", "# nothing set\n", "---\n"])("takes the empty file %j for the defaults", (content) => {
    expect(load(content)).toEqual(loadPruneSettings(undefined, bare(), nowhere()));
  });

  it("lets a size stand beside a percentage until the disk is known", () => {
    expect(load("high: 50%\nlow: 40TB\n")).toMatchObject({ low: { bytes: 40e12 } });
  });

  describe("finds the recipes", () => {
    const home = (...folders: string[]) => {
      const folder = tempFolder();
      for (const name of folders) mkdirSync(join(folder, name));
      return folder;
    };

    it("in ~/.abra if it is there", () => {
      const HOME = home(".abra");
      expect(loadPruneSettings(undefined, { HOME }, nowhere()).abraDir).toBe(join(HOME, ".abra"));
    });

    it("in $ABRA_DIR, there or not: whoever set it meant it", () => {
      const env = { HOME: home(".abra"), ABRA_DIR: "/srv/abra" };
      expect(loadPruneSettings(undefined, env, nowhere()).abraDir).toBe("/srv/abra");
      expect(loadPruneSettings(undefined, { ...env, ABRA_DIR: "" }, nowhere()).abraDir).toMatch(/\.abra$/);
    });

    it("where the file says, or nowhere", () => {
      const env = { HOME: home(".abra"), ABRA_DIR: "/srv/abra" };
      expect(loadPruneSettings(file("abraDir: /etc/abra\n"), env).abraDir).toBe("/etc/abra");
      expect(loadPruneSettings(file("abraDir: null\n"), env).abraDir).toBeNull();
    });
  });

  it.each([
    ["not YAML", "keep: [", /keep|flow/i],
    ["a key twice", "low: 10%\nlow: 20%\n", /unique/],
    ["an unknown key", "lo: 10%\n", /"lo"/],
    ["an unknown key of a part", "containers: { age: 2d }\n", /containers|"age"/],
    ["a list", "- high: 80%\n", /object/],
    ["a word", "yes please\n", /object/],
    ["a mark without a unit", "high: 80\n", /percentage such as 80%.*high/s],
    ["a mark of an unknown unit", "high: 40 bananas\n", /percentage such as 80%.*40 bananas.*high/s],
    ["a mark above all", "high: 180%\n", /180%.*high/s],
    ["a mark of nothing", "low: 0%\n", /0%.*low/s],
    ["marks the wrong way round", "high: 60%\nlow: 65%\n", /high: 60 %, low: 65 %/],
    ["marks that are the same", "high: 40GB\nlow: 40GB\n", /high: 40\.0 GB, low: 40\.0 GB/],
    ["a high mark below the default low one", "high: 60%\n", /high: 60 %, low: 70 %/],
    ["an age without a unit", "minAge: 7\n", /such as 7d.*minAge/s],
    ["an age of an unknown unit", "minAge: 7 fortnights\n", /7 fortnights.*minAge/s],
    ["an age below nothing", "minAge: -7d\n", /-7d.*minAge/s],
    ["an age of null", "minAge: null\n", /minAge/],
    ["a lone rule", "keep: nginx\n", /array.*keep/s],
    ["an empty rule", "keep: [' ']\n", /keep/],
    ["a folder relative to who knows what", "stateDir: state\n", /absolute path.*stateDir/s],
    [
      "a compose file relative to who knows what",
      "composeFiles: [compose.yml]\n",
      /absolute path.*composeFiles/s,
    ],
    ["an abra directory relative to who knows what", "abraDir: ~/.abra\n", /absolute path.*abraDir/s],
  ])("calls a file with %s bad configuration", (_, content, seen) => {
    const path = file(content);
    expect(() => loadPruneSettings(path, bare())).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        seen: expect.stringMatching(seen),
        next: expect.stringContaining(path),
      }),
    );
    expect(() => loadPruneSettings(path, bare())).toThrow(path);
  });

  it("calls a named file that is not there, or is a folder, bad configuration", () => {
    const config = (seen: string) =>
      expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringContaining(seen) });
    expect(() => loadPruneSettings(nowhere(), bare())).toThrow(config("ENOENT"));
    expect(() => loadPruneSettings(tempFolder(), bare())).toThrow(config("EISDIR"));
  });
});

describe("parseDuration", () => {
  it.each([
    ["30s", 30_000],
    ["90m", 5_400_000],
    ["36 h", 129_600_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("reads %s", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(["", "7", "d", "7 days", "7D", "-7d", "1.5d", "1e3d", "7d 2h", "7w", `${"9".repeat(30)}d`])(
    "takes %j for nonsense",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});
