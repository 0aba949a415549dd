import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readRecipe, stackName } from "../../../src/deploy/recipe.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { recipeFolder } from "../../support/app.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const fixture = fileURLToPath(new URL("../../../fixtures/recipes/notebook", import.meta.url));
const secretsOf = (files: Record<string, string>) => readRecipe(recipeFolder(files)).secrets;

describe("readRecipe", () => {
  it("reads name, images, environment and secrets", () => {
    const folder = recipeFolder();
    expect(readRecipe(folder)).toEqual({
      name: basename(folder),
      folder,
      images: { app: "pullproof/web:1.0.0", store: "pullproof/store:1.0.0" },
      env: {
        TYPE: "diary",
        DOMAIN: "diary.example.com",
        TIMEOUT: "90",
        SECRET_SESSION_KEY_VERSION: "v3",
      },
      secrets: [{ name: "session_key", version: "v3", length: 12 }],
    });
  });

  it("reads the fixture recipe: three services on three images", () => {
    const { images, secrets } = readRecipe(fixture);
    expect(new Set(Object.values(images)).size).toBe(3);
    expect(secrets).toHaveLength(1);
  });

  it("finds a recipe by a relative path, and names it for its folder", () => {
    const here = process.cwd();
    try {
      process.chdir(fixture);
      expect(readRecipe(".")).toMatchObject({ name: "notebook", folder: fixture });
    } finally {
      process.chdir(here);
    }
  });

  it("takes comments off values, and leaves what is quoted", () => {
    const sample = [
      "# a comment",
      "",
      "PLAIN=value # a comment",
      'QUOTED="a # b"',
      "SINGLE='$(id) $HOME'",
      "EMPTY=",
      "export EXPORTED=yes",
      'LIST="compose.yml:compose.mail.yml"',
    ].join("\n");
    expect(readRecipe(recipeFolder({ ".env.sample": sample })).env).toEqual({
      PLAIN: "value",
      QUOTED: "a # b",
      SINGLE: "$(id) $HOME",
      EMPTY: "",
      EXPORTED: "yes",
      LIST: "compose.yml:compose.mail.yml",
    });
  });

  it("does without .env.sample, and then has secrets as abra makes them by default", () => {
    const folder = writeTree(join(tempFolder(), "bare"), {
      "compose.yml": "services:\n  app:\n    image: a:1\nsecrets:\n  token:\n    external: true\n",
    });
    expect(readRecipe(folder)).toMatchObject({
      env: {},
      secrets: [{ name: "token", version: "v1", length: 32 }],
    });
  });

  it.each([
    ["SECRET_SESSION_KEY_VERSION=v2 # length=64", "v2", 64],
    ["SECRET_SESSION_KEY_VERSION=v2 # generated, length=8 charset=hex", "v2", 8],
    ["SECRET_SESSION_KEY_VERSION=v10", "v10", 32],
    ["#SECRET_SESSION_KEY_VERSION=v9 # length=9", "v1", 32],
    ["SECRET_SESSION_KEY_VERSION_OLD=v9 # length=9", "v1", 32],
    ["OTHER=v9 # length=9\nSECRET_SESSION_KEY_VERSION=v4", "v4", 32],
  ])("reads version and length of a secret from %j", (sample, version, length) => {
    expect(secretsOf({ ".env.sample": sample })).toEqual([{ name: "session_key", version, length }]);
  });

  const bad: [string, string, RegExp][] = [
    ["no YAML", "services: [", /not YAML/],
    ["a list", "- app\n", /not a compose file/],
    ["nothing", "", /not a compose file/],
    ["no services", "version: '3.8'\n", /not a compose file/],
    ["an empty list of services", "services: {}\n", /not a compose file/],
    ["a service that is built", "services:\n  app:\n    build: .\n", /not a compose file/],
    ["an image that is no text", "services:\n  app:\n    image: 7\n", /not a compose file/],
  ];
  it.each(bad)("calls a compose.yml with %s bad configuration, and names the file", (_, content, what) => {
    const folder = recipeFolder({ "compose.yml": content });
    expect(() => readRecipe(folder)).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        what: expect.stringMatching(what),
        seen: expect.stringContaining(join(folder, "compose.yml")),
      }),
    );
  });

  it.each(["", "missing", "compose.yml"])("wants a folder with a compose.yml, and %j is none", (below) => {
    const folder = writeTree(tempFolder(), below === "compose.yml" ? { "compose.yml": "services:" } : {});
    expect(() => readRecipe(join(folder, below))).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        what: expect.stringContaining("no compose.yml"),
        seen: join(folder, below, "compose.yml"),
      }),
    );
  });
});

describe("stackName", () => {
  it("replaces every dot by an underscore, as abra does, and nothing else", () => {
    expect(stackName("my-wiki.staging.example.com")).toBe("my-wiki_staging_example_com");
  });
});
