import { describe, expect, it } from "vitest";
import { renderSettings } from "../../../src/report/settings.ts";
import { CommandLine } from "../../support/command-line.ts";
import { writeTree } from "../../support/temp.ts";

interface Row {
  key: string;
  value: unknown;
  source: string;
  where: string | null;
}

async function config(line: CommandLine, ...words: string[]): Promise<Map<string, Row>> {
  const { code, stdout, stderr } = await line.run("config", "--json", ...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return new Map((JSON.parse(stdout) as Row[]).map((row) => [row.key, row]));
}

const from = (value: unknown, source: string, where: string | null) =>
  expect.objectContaining({ value, source, where });

describe("config", { timeout: 60_000 }, () => {
  it("shows each value with the place that it came from, and that an option outdoes the others", async () => {
    const line = new CommandLine({ PULLPROOF_SAMPLES: "6", PULLPROOF_SEED: "of the environment" });
    writeTree(line.cwd, { "pullproof.yaml": "samples: 3\nhub:\n  anonymous: refused\nprepull: true\n" });
    const before = line.tree();
    const rows = await config(line, "--samples", "9", "--no-registry-auth", "--quick");
    expect(rows.get("samples")).toEqual(from(9, "option", "--samples"));
    expect(rows.get("registryAuth")).toEqual(from(false, "option", "--no-registry-auth"));
    expect(rows.get("hosts")).toEqual(from(["lab"], "option", "--quick"));
    expect(rows.get("seed")).toEqual(from("of the environment", "environment", "PULLPROOF_SEED"));
    expect(rows.get("hub.anonymous")).toEqual(from("refused", "file", "pullproof.yaml:3"));
    expect(rows.get("prepull")).toEqual(from(true, "file", "pullproof.yaml:4"));
    expect(rows.get("hub.accountLimit")).toEqual(from(200, "default", null));
    expect(rows.get("recipe")).toEqual(from(null, "default", null));
    expect(line.tree()).toEqual(before);
  });

  it("takes every option of verify that is a setting", async () => {
    const words = [
      ...["--host", "lab,live", "--docker-host", "ssh://root@server", "--allow-prune", "--allow-reboot"],
      ...["--reboot", "soft", "--image-store", "containerd", "--deployer", "stack", "--prepull"],
      ...["--prune", "docker image prune -f", "--recipe", "folder", "--seed", "x"],
    ];
    const rows = await config(new CommandLine(), ...words);
    const given = [...rows.values()].filter(({ source }) => source === "option");
    expect(Object.fromEntries(given.map(({ key, value }) => [key, value]))).toEqual({
      hosts: ["lab", "live"],
      dockerHost: "ssh://root@server",
      allowPrune: true,
      allowReboot: true,
      reboot: "soft",
      imageStore: "containerd",
      deployer: "stack",
      prepull: true,
      prune: "docker image prune -f",
      recipe: "folder",
      seed: "x",
    });
    expect(given.map(({ where }) => where)).toEqual(words.filter((word) => word.startsWith("--")));
  });

  it("says which variables it leaves alone, apart from the table", async () => {
    const line = new CommandLine({ PULLPROOF_WEBHOOK: "https://hooks.example/secret" });
    const { stdout, stderr } = await line.run("config");
    expect(stdout).toMatch(/│ samples +│ 5 +│ default +│/);
    expect(stderr).toContain("PULLPROOF_WEBHOOK");
    expect(stdout + stderr).not.toContain("secret");
  });

  it("refuses what verify refuses", async () => {
    const line = new CommandLine();
    writeTree(line.cwd, { "pullproof.yaml": "prune: referense\n" });
    expect(await line.run("config")).toMatchObject({ code: 78, stdout: "" });
  });
});

describe("renderSettings", () => {
  const settings = [
    {
      key: "prune",
      value: `docker image prune ${"--filter x ".repeat(20)}`,
      source: "file",
      where: "a.yaml:1",
    },
    { key: "seed", value: "\u001b[2J", source: "environment", where: "PULLPROOF_SEED" },
    { key: "hub.bytesPerSecond", value: null, source: "default", where: null },
  ] as const;

  it.each([60, 80, 120])("fits into %i columns, and loses nothing", (width) => {
    const text = renderSettings(settings, width);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
    expect(text.match(/x/g)?.length).toBe(20);
  });

  it("gives up the table where there is no room for one", () => {
    expect(renderSettings(settings, 40)).toContain("hub.bytesPerSecond: null (default)");
  });

  it("lets no value control the terminal", () => {
    expect(renderSettings(settings, 80)).not.toContain("\u001b");
  });
});
