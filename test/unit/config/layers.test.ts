import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadSettings, resolveSettings, settingKeys } from "../../../src/config/settings.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder } from "../../support/temp.ts";

interface Said {
  file?: string;
  env?: NodeJS.ProcessEnv;
  options?: Record<string, unknown>;
  flags?: Record<string, string>;
}

/** Settings of which each place says something. */
function resolve({ file, env = {}, options = {}, flags = {} }: Said) {
  const path = join(tempFolder(), "settings.yaml");
  if (file !== undefined) writeFileSync(path, file);
  return resolveSettings({ values: options, flags }, { path, env });
}

const origin = (source: string, where: unknown = null) => ({ source, where });

describe("the value of a setting", () => {
  const file = "# ours\nseed: of the file\nhub:\n  accountLimit: 11\n";
  const env = { PULLPROOF_SEED: "of the environment", PULLPROOF_HUB_ACCOUNT_LIMIT: "22" };
  const options = { seed: "of the command line" };
  const flags = { seed: "--seed" };
  const inFile = (line: number) => origin("file", expect.stringMatching(`settings\\.yaml:${line}$`));

  it.each<[string, Said, string, unknown, number, unknown]>([
    ["the default", {}, "pullproof", origin("default"), 200, origin("default")],
    ["the file's", { file }, "of the file", inFile(2), 11, inFile(4)],
    [
      "the environment's",
      { file, env },
      "of the environment",
      origin("environment", "PULLPROOF_SEED"),
      22,
      origin("environment", "PULLPROOF_HUB_ACCOUNT_LIMIT"),
    ],
    [
      "the option's, and of another key that of the next place",
      { file, env, options, flags },
      "of the command line",
      origin("option", "--seed"),
      22,
      origin("environment", "PULLPROOF_HUB_ACCOUNT_LIMIT"),
    ],
    [
      "the option's without a file",
      { options, flags },
      "of the command line",
      origin("option", "--seed"),
      200,
      origin("default"),
    ],
  ])("is %s", (_, said, seed, seedFrom, limit, limitFrom) => {
    const { settings, origins } = resolve(said);
    expect(settings).toMatchObject({ seed, hub: { accountLimit: limit, anonymousLimit: 100 } });
    expect([origins.seed, origins["hub.accountLimit"]]).toEqual([seedFrom, limitFrom]);
  });

  it("is known of every setting, with an origin", () => {
    const { settings, origins } = resolve({});
    expect(Object.keys(origins)).toEqual(settingKeys.map(({ name }) => name));
    for (const key of Object.keys(settings)) expect(Object.keys(origins).join()).toContain(key);
  });

  it("may be what is otherwise taken for nothing: null, false", () => {
    const weak = "hub: { bytesPerSecond: 5 }\nregistryAuth: true\n";
    const { settings } = resolve({
      file: weak,
      env: { PULLPROOF_HUB_BYTES_PER_SECOND: "null", PULLPROOF_REGISTRY_AUTH: "false" },
    });
    expect(settings).toMatchObject({ hub: { bytesPerSecond: null }, registryAuth: false });
  });

  it.each<[string, Said, object]>([
    [
      "an option over a file",
      { file: "context: prod\n", options: { dockerHost: "ssh://spare" } },
      { dockerHost: "ssh://spare" },
    ],
    [
      "the environment over a file",
      { file: "dockerHost: ssh://prod\n", env: { PULLPROOF_CONTEXT: "spare" } },
      { context: "spare" },
    ],
    [
      "an option over the environment",
      { env: { PULLPROOF_DOCKER_HOST: "ssh://prod" }, options: { context: "spare" } },
      { context: "spare" },
    ],
  ])("names one engine only, %s", (_, said, expected) => {
    const { context, dockerHost } = resolve(said).settings;
    expect({ context, dockerHost }).toEqual({ context: undefined, dockerHost: undefined, ...expected });
  });
});

describe("the environment", () => {
  it("has a variable of its own for each setting, named for its key", () => {
    const variables = settingKeys.map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toEqual(
      expect.arrayContaining(["PULLPROOF_HOSTS", "PULLPROOF_IMAGE_STORE", "PULLPROOF_HUB_BYTES_PER_SECOND"]),
    );
  });

  it.each<[string, string, object]>([
    ["PULLPROOF_HOSTS", "lab,vm", { hosts: ["lab", "vm"] }],
    ["PULLPROOF_HOSTS", " live ", { hosts: ["live"] }],
    ["PULLPROOF_ALLOW_PRUNE", "true", { allowPrune: true }],
    ["PULLPROOF_SAMPLES", "7", { samples: 7 }],
    ["PULLPROOF_SEED", "7", { seed: "7" }],
    ["PULLPROOF_SEED", "null", { seed: "null" }],
    ["PULLPROOF_PRUNE", "docker image prune -f, and more", { prune: "docker image prune -f, and more" }],
    ["PULLPROOF_SAMPLES", "", { samples: 5 }],
  ])("says what the schema makes of it: %s=%j", (variable, text, expected) => {
    expect(resolve({ env: { [variable]: text } }).settings).toMatchObject(expected);
  });

  it.each([
    ["PULLPROOF_HOSTS", "lab,moon", /^PULLPROOF_HOSTS: "moon" is none of lab, vm, live$/],
    ["PULLPROOF_HOSTS", "lab,", /^PULLPROOF_HOSTS: "" is none/],
    ["PULLPROOF_ALLOW_PRUNE", "yes", /^PULLPROOF_ALLOW_PRUNE: expected true or false, not "yes"$/],
    ["PULLPROOF_ALLOW_PRUNE", "1", /expected true or false/],
    ["PULLPROOF_SAMPLES", "many", /^PULLPROOF_SAMPLES: expected a .*number, not "many"$/],
    ["PULLPROOF_SAMPLES", "0x10", /expected a .*number/],
    ["PULLPROOF_SAMPLES", "null", /expected a .*number/],
    ["PULLPROOF_SAMPLES", "1.5", /expected a whole number, not 1\.5/],
    ["PULLPROOF_SAMPLES", "1e3", /expected a .*number/],
    ["PULLPROOF_HUB_ANONYMOUS", "refuse", /^PULLPROOF_HUB_ANONYMOUS: .*did you mean refused\?$/],
    ["PULLPROOF_PRUNE", "referense", /^PULLPROOF_PRUNE: .*did you mean reference\?$/],
    ["PULLPROOF_CONTEXT", "../prod", /^PULLPROOF_CONTEXT: expected the name of a Docker context$/],
  ])("is refused with a value that cannot be: %s=%s", (variable, text, seen) => {
    expect(() => resolve({ env: { [variable]: text } })).toThrow(
      expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringMatching(seen) }),
    );
  });

  it.each([
    ["PULLPROOF_HOST", "PULLPROOF_HOSTS"],
    ["PULLPROOF_IMAGESTORE", "PULLPROOF_IMAGE_STORE"],
    ["PULLPROOF_ALLOW_PRUNES", "PULLPROOF_ALLOW_PRUNE"],
    ["PULLPROOF_HUB_ACOUNT_LIMIT", "PULLPROOF_HUB_ACCOUNT_LIMIT"],
  ])("is refused with the misspelt variable %s, even an empty one", (variable, meant) => {
    for (const text of ["x", ""])
      expect(() => resolve({ env: { [variable]: text } })).toThrow(
        expect.objectContaining({
          exitCode: ExitCode.config,
          seen: `${variable}; did you mean ${meant}?`,
        }),
      );
  });

  it("may hold what has nothing to do with settings", () => {
    const env = {
      PULLPROOF_WEBHOOK: "https://x.example",
      PULLPROOF_CI_TOKEN: "x",
      pullproof_seed: "x",
      PATH: "/",
    };
    expect(resolve({ env }).settings).toEqual(resolve({}).settings);
  });

  it("may hold every other variable that pullproof itself reads", () => {
    const root = fileURLToPath(new URL("../../../", import.meta.url));
    const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(ts|sh)$/.test(path))
      .map((path) => join("src", path));
    const text = [...sources, "setup"].map((path) => readFileSync(join(root, path), "utf8")).join("\n");
    const settings = settingKeys.map(({ variable }) => variable);
    const others = [...new Set(text.match(/PULLPROOF_[A-Z_]+[A-Z]/g))].filter(
      (name) => !settings.includes(name),
    );
    expect(others).toContain("PULLPROOF_RUNTIME_DIR");
    expect(() => resolve({ env: Object.fromEntries(others.map((name) => [name, "x"])) })).not.toThrow();
  });

  it("is that of the process where none is named", () => {
    expect(loadSettings({}, join(tempFolder(), "none.yaml"))).toEqual(
      loadSettings({}, join(tempFolder(), "none.yaml"), process.env),
    );
  });
});

describe("an option that cannot be", () => {
  it("is named as it was given, and a matter of usage", () => {
    expect(() => resolve({ options: { hosts: ["lab", "moon"] }, flags: { hosts: "--host" } })).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.usage,
        seen: '--host: "moon" is none of lab, vm, live',
        next: "pullproof verify --help",
      }),
    );
  });

  it("is blamed after the file and the environment, which a later command would meet as well", () => {
    const options = { samples: 0 };
    const blamed = (said: Said) => () => resolve({ options, ...said });
    expect(blamed({ file: "samples: 0\n" })).toThrow("settings file");
    expect(blamed({ env: { PULLPROOF_SAMPLES: "0" } })).toThrow("environment");
    expect(blamed({})).toThrow("option");
  });
});
