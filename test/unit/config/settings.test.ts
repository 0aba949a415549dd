import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** Settings from a file of this content with these options. */
function load(content: string, options: Record<string, unknown> = {}) {
  return loadSettings(options, join(writeTree(tempFolder(), { "settings.yaml": content }), "settings.yaml"));
}

const nowhere = () => join(tempFolder(), "none.yaml");

describe("loadSettings", () => {
  it("has defaults that verify what an operator has: authenticated, digest-resolving, the reference policy", () => {
    expect(loadSettings({}, nowhere())).toMatchObject({
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
      expect.objectContaining({ exitCode: ExitCode.usage, seen: expect.stringContaining("audit[1]") }),
    );
  });

  it("has Docker Hub's limits as defaults: 200 pulls in six hours for an account, 100 for an address", () => {
    const { hub } = loadSettings({}, nowhere());
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
    expect(load(content)).toEqual(loadSettings({}, nowhere()));
  });

  it.each([
    ["not YAML", "samples: [", /settings\.yaml/],
    ["a key twice", "samples: 1\nsamples: 2\n", /settings\.yaml.*unique/s],
    ["an unknown key", "sample: 3\n", /settings\.yaml.*"sample"/s],
    ["an unknown key of the hub", "hub:\n  limit: 3\n", /settings\.yaml.*"limit"/s],
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
    [{ host: "moon" }, "host"],
    [{ hosts: ["moon"] }, '"lab"|"vm"'],
    [{ hosts: ["lab", ""] }, "hosts[1]"],
    [{ hosts: [] }, "hosts"],
    [{ reboot: "warm" }, '"soft"|"hard"|"both"'],
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

  it("takes a folder in the file's place for a broken file", () => {
    expect(() => loadSettings({}, tempFolder())).toThrow(
      expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringContaining("EISDIR") }),
    );
  });
});
