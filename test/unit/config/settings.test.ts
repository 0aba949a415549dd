import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { ExitCode, type Failure } from "../../../src/model/failure.ts";
import { tempFolder } from "../../support/temp.ts";

/** A file of this content. */
function fileOf(content: string | Buffer): string {
  const path = join(tempFolder(), "settings.yaml");
  writeFileSync(path, content);
  return path;
}

/** Settings from a file of this content with these options, in an environment without any. */
function load(content: string, options: Record<string, unknown> = {}) {
  return loadSettings(options, fileOf(content), {});
}

const nowhere = () => join(tempFolder(), "none.yaml");

describe("loadSettings", () => {
  it("has defaults that verify what an operator has: authenticated, digest-resolving, the reference policy", () => {
    expect(loadSettings({}, nowhere(), {})).toMatchObject({
      hosts: ["lab", "vm"],
      reboot: "both",
      imageStore: "graphdriver",
      registryAuth: true,
      prepull: false,
      prune: "reference",
      samples: 5,
    });
  });

  it("audits no code and looks into no document unless told to, and takes no path without a name", () => {
    expect(loadSettings({}, nowhere())).toMatchObject({ audit: [], documents: [] });
    expect(load("audit: [scripts]\n", { documents: ["docs"] })).toMatchObject({
      audit: ["scripts"],
      documents: ["docs"],
    });
    expect(() => load("", { audit: ["scripts", ""] })).toThrow(
      expect.objectContaining({ exitCode: ExitCode.usage, seen: expect.stringContaining("audit") }),
    );
  });

  it("has Docker Hub's limits as defaults: 200 pulls in six hours for an account, 100 for an address", () => {
    const { hub } = loadSettings({}, nowhere(), {});
    expect(hub).toMatchObject({ accountLimit: 200, anonymousLimit: 100, windowSeconds: 6 * 3600 });
    expect(hub.anonymous).toBe("allowed");
  });

  it("takes the file before the defaults, key by key, the hub's too", () => {
    const settings = load("samples: 9\nhub:\n  accountLimit: 3\n  bytesPerSecond: null\n");
    expect(settings).toMatchObject({ samples: 9, imageStore: "graphdriver" });
    expect(settings.hub).toMatchObject({ accountLimit: 3, bytesPerSecond: null, anonymousLimit: 100 });
  });

  it("takes options before the file, and no option that was not given", () => {
    const options = { samples: 2, seed: undefined, registryAuth: undefined };
    expect(load("samples: 9\nseed: ours\nregistryAuth: false\n", options)).toMatchObject({
      samples: 2,
      seed: "ours",
      registryAuth: false,
    });
  });

  it("takes hosts and the way to reboot from the file, and from options before it", () => {
    const file = "hosts: [vm]\nreboot: hard\n";
    expect(load(file)).toMatchObject({ hosts: ["vm"], reboot: "hard" });
    expect(load(file, { hosts: ["lab"], reboot: "soft" })).toMatchObject({ hosts: ["lab"], reboot: "soft" });
  });

  it.each(["", "# nothing set\n", "---\n"])("takes the empty file %j for the defaults", (content) => {
    expect(load(content)).toEqual(loadSettings({}, nowhere(), {}));
  });

  it.each([
    ["not YAML", "samples: [", /settings\.yaml/],
    ["a key twice", "samples: 1\nsamples: 2\n", /settings\.yaml.*unique/s],
    ["an unknown key", "sample: 3\n", /settings\.yaml:1:1: sample: .*did you mean samples\?/],
    ["an unknown key of the hub", "hub:\n  limit: 3\n", /settings\.yaml:2:3: hub\.limit: /],
    ["a wrong type", "samples: many\n", /settings\.yaml.*samples/s],
    ["a value out of range", "samples: 0\n", /settings\.yaml.*samples/s],
    ["half a sample", "samples: 1.5\n", /settings\.yaml.*samples/s],
    ["a word that is none of the choices", "imageStore: zfs\n", /settings\.yaml.*imageStore/s],
    ["a kind of host that there is not", "hosts: [lab, moon]\n", /settings\.yaml.*hosts/s],
    ["no host", "hosts: []\n", /settings\.yaml.*hosts/s],
    ["a host that is no list", "hosts: lab\n", /settings\.yaml.*hosts/s],
    ["an unknown way to reboot", "reboot: gently\n", /settings\.yaml.*reboot/s],
    ["an account that Docker Hub would refuse", "account: A B\n", /settings\.yaml.*account/s],
    ["a list", "- samples: 1\n", /settings\.yaml/],
    ["a word", "yes please\n", /settings\.yaml/],
  ])("calls a file with %s bad configuration", (_, content, seen) => {
    expect(() => load(content)).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        seen: expect.stringMatching(seen),
        next: expect.stringContaining("settings.yaml"),
      }),
    );
  });

  it("blames the file for its own fault even where an option would replace the value", () => {
    expect(() => load("samples: many\n", { samples: 2 })).toThrow(
      expect.objectContaining({ exitCode: ExitCode.config }),
    );
  });

  it.each([
    [{ host: "moon" }, "did you mean hosts?"],
    [{ hosts: ["moon"] }, '"moon" is none of lab, vm, live'],
    [{ hosts: ["lab", ""] }, '"" is none of'],
    [{ hosts: [] }, "hosts"],
    [{ reboot: "warm" }, "none of soft, hard, both"],
    [{ prune: "referense" }, "did you mean reference?"],
    [{ samples: Number.NaN }, "samples"],
    [{ samples: 0 }, "samples"],
    [{ samples: -1 }, "samples"],
    [{ samples: 2.5 }, "samples"],
    [{ samples: 1e12 }, "samples"],
    [{ samples: Number.POSITIVE_INFINITY }, "samples"],
  ])("calls a wrong option a matter of usage: %j", (options, key) => {
    expect(() => load("seed: ours\n", options)).toThrow(
      expect.objectContaining({ exitCode: ExitCode.usage, seen: expect.stringContaining(key) }),
    );
  });

  it("blames the file for a policy that there is not, which only the run would look up", () => {
    expect(() => load("prune: referense\n")).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        seen: expect.stringMatching(/settings\.yaml:1:1: prune: .*"referense".*did you mean reference\?/),
      }),
    );
    expect(load("prune: docker image prune -f\n").prune).toBe("docker image prune -f");
  });
});

describe("the file", () => {
  const refused = (path: string) => {
    try {
      loadSettings({}, path, {});
    } catch (thrown) {
      return thrown;
    }
    return null;
  };
  const config = (seen: RegExp) =>
    expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringMatching(seen) });

  it.each([
    ["a value", "\nsamples: 3\nreboot:   gentle\n", /:3:1: reboot: "gentle" is none of/],
    ["an element of a list", "hosts:\n  - lab\n  - vn\n", /:3:5: hosts\[1\]: .*did you mean/],
    ["a nested key", "hub: { anonymus: refused }\n", /:1:8: hub\.anonymus: .*did you mean hub\.anonymous\?/],
    ["a nested value", "hub:\n  anonymous: refuse\n", /:2:3: hub\.anonymous: .*did you mean refused\?/],
    ["a misspelt group", "hubb: { anonymous: refused }\n", /:1:1: hubb: .*did you mean hub\?/],
    ["a key one level too high", "accountLimit: 3\n", /:1:1: .*did you mean hub\.accountLimit\?/],
    ["a key one level too low", "hub:\n  samples: 3\n", /:2:3: .*did you mean samples\?/],
    ["a key with other joints", "image-store: containerd\n", /did you mean imageStore\?/],
    ["a syntax error", "seed: ours\nsamples: [\n", /settings\.yaml:\d:\d+: /],
    ["a key twice", "samples: 1\nhub: {}\nsamples: 2\n", /:3:1: .*unique/],
    ["a second document", "samples: 1\n---\nsamples: 2\n", /:2:\d: .*multiple documents/],
    ["a tag that nobody knows", "seed: !secret x\n", /:1:7: .*tag/],
    ["two ways to name an engine", "context: prod\ndockerHost: ssh://prod\n", /:2:1: dockerHost: .*context/],
  ])("is told by line and column where it has %s", (_, content, seen) => {
    expect(refused(fileOf(content))).toEqual(config(seen));
  });

  it("is told all that is wrong with it at once", () => {
    expect(refused(fileOf("sample: 1\nreboot: warm\n"))).toEqual(config(/reboot.*\n.*sample/));
  });

  it.each([
    ["a list", "- samples: 1\n", /:1:1: expected a mapping/],
    ["a text", "yes please\n", /:1:1: expected a mapping.*"yes please"/],
    ["a number", "7\n", /:1:1: expected a mapping.*7/],
  ])("is no %s", (_, content, seen) => {
    expect(refused(fileOf(content))).toEqual(config(seen));
  });

  it("has no alias, so that no bomb can be made of some", () => {
    const laughs = Array.from(
      { length: 20 },
      (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}, *a${n}, *a${n}]`,
    );
    expect(refused(fileOf(`a0: &a0 [lol]\n${laughs.join("\n")}\n`))).toEqual(config(/:2:\d+: .*alias/));
  });

  it("is refused where it is nested so deeply that its parser gives up", () => {
    expect(refused(fileOf("[".repeat(50_000)))).toEqual(config(/nested too deeply/));
  });

  it("is refused unread where it is huge", () => {
    expect(refused(fileOf(`# ${"x".repeat(200_000)}\n`))).toEqual(config(/settings\.yaml: .*200003 bytes/));
  });

  it.each([
    ["Latin-1", Buffer.from("seed: caf\u00e9\n", "latin1")],
    ["UTF-16", Buffer.from("\ufeffseed: ours\n", "utf16le")],
  ])("is refused where it is %s, and not read as something else", (_, bytes) => {
    expect(refused(fileOf(bytes))).toEqual(config(/is not UTF-8/));
  });

  it("may begin with a byte order mark", () => {
    expect(load("\ufeffsamples: 9\n").samples).toBe(9);
  });

  it.each(["/dev/zero", "."])("is no device and no folder: %s", (path) => {
    expect(refused(path)).toEqual(config(/not a regular file/));
  });

  it("is no link that leads nowhere, which would silently be the defaults", () => {
    const path = join(tempFolder(), "settings.yaml");
    symlinkSync("gone.yaml", path);
    expect(refused(path)).toEqual(config(/leads nowhere/));
  });

  it("changes no object but its own", () => {
    const content = "__proto__: { samples: 7 }\nconstructor: { prototype: { seed: x } }\n";
    expect(refused(fileOf(content))).toEqual(config(/__proto__: there is no such setting/));
    expect(({} as Record<string, unknown>).samples).toBeUndefined();
  });

  it("controls no terminal by what it holds", () => {
    const error = refused(fileOf('"\\e[2J": 1\nreboot: "\\u202egently\\n\\e[2J"\n')) as Failure;
    expect(error.exitCode).toBe(ExitCode.config);
    expect(error.message).toMatch(/\\u\{?001?b/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
    expect(error.message).not.toMatch(/[\u001b\u202e]/);
  });
});
