import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { loadPruneSettings } from "../../../src/config/prune-settings.ts";
import { type UnitName, unitNames } from "../../../src/install/units.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { parseUnit, type UnitFile } from "../../support/unit-file.ts";

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const module = path("packaging/nixos/pullproof.nix");

/** The dummy store needs no folder of Nix: as root, Nix would make /nix otherwise. */
function nix(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const HOME = tempFolder();
  const command = ["--store", "dummy://", ...words];
  const { status, stdout, stderr } = spawnSync("nix-instantiate", command, {
    env: { PATH: process.env.PATH, HOME },
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** Evaluates the module with what a host's configuration gives to `services.pullproof`. */
function evaluate(given: object) {
  const argument = ["--argstr", "module", module, "--argstr", "given", JSON.stringify(given)];
  return nix("--eval", "--strict", "--json", path("test/support/nix/evaluate.nix"), ...argument);
}

interface Unit {
  description: string;
  after?: string[];
  wants?: string[];
  wantedBy?: string[];
  path?: string[];
  restartTriggers?: unknown[];
  serviceConfig?: Record<string, unknown>;
  timerConfig?: Record<string, unknown>;
}

interface Evaluated {
  environment?: {
    systemPackages: string[];
    etc: Record<string, { source: { name: string; value: object } }>;
  };
  systemd?: { services?: Record<string, Unit>; timers?: Record<string, Unit> };
}

const package_ = { outPath: "/nix/store/0-pullproof" };

/** What a host holds of the module when it is enabled. */
function host(given: object = {}): Evaluated {
  const { code, stdout, stderr } = evaluate({ enable: true, package: package_, ...given });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const settingsOf = ({ environment }: Evaluated) => environment?.etc["pullproof/prune.yaml"]?.source.value;

/** Loads settings as the command does. JSON is YAML. */
function load(settings: unknown) {
  const file = join(
    writeTree(tempFolder(), { "prune.yaml": JSON.stringify(settings ?? null) }),
    "prune.yaml",
  );
  return loadPruneSettings(file, { HOME: "/nonexistent" });
}

describe("packaging/nixos/pullproof.nix", { timeout: 60_000 }, () => {
  const missing = spawnSync("nix-instantiate", ["--version"]).status !== 0;
  beforeEach(({ skip }) => skip(missing, "nix-instantiate is missing; Debian has it in nix-bin"));

  it("is Nix, and takes no folder of Nix to read", () => {
    const before = existsSync("/nix");
    const { code, stderr } = nix("--parse", module);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(existsSync("/nix")).toBe(before);
  });

  it("makes nothing at all unless it is enabled", () => {
    expect(JSON.parse(evaluate({}).stdout)).toEqual({});
  });

  it("makes the units of packaging/systemd, with the package's program", () => {
    const { systemd } = host();
    for (const name of unitNames)
      expect(asUnitFile(systemd, name)).toEqual(
        parseUnit(
          readFileSync(path(`packaging/systemd/${name}`), "utf8").replace(
            "/usr/bin/pullproof",
            "/nix/store/0-pullproof/bin/pullproof",
          ),
        ),
      );
    const made = [
      ...Object.keys(systemd?.services ?? {}).map((name) => `${name}.service`),
      ...Object.keys(systemd?.timers ?? {}).map((name) => `${name}.timer`),
    ];
    expect(made.sort()).toEqual([...unitNames].sort());
  });

  it("gives the prune the flock that NixOS has not on a service's PATH, and operators the command", () => {
    const { environment, systemd } = host();
    expect(systemd?.services?.["pullproof-prune"]?.path).toEqual(["util-linux"]);
    expect(environment?.systemPackages).toEqual([package_.outPath]);
  });

  it("prunes when it is told to", () => {
    const { systemd } = host({ prune: { dates: "Sun 03:00" } });
    expect(systemd?.timers?.["pullproof-prune"]?.timerConfig?.OnCalendar).toBe("Sun 03:00");
  });

  it.each([
    ["prune", ["pullproof-watch"], []],
    ["watch", ["pullproof-prune"], ["pullproof-prune"]],
  ])("leaves %s out when that is disabled, and the settings in", (part, services, timers) => {
    const found = host({ [part]: { enable: false } });
    expect(Object.keys(found.systemd?.services ?? {})).toEqual(services);
    expect(Object.keys(found.systemd?.timers ?? {})).toEqual(timers);
    expect(settingsOf(found)).toBeDefined();
  });

  it("has the settings of the command, with its defaults", () => {
    const settings = settingsOf(host()) ?? {};
    const defaults = load({});
    expect(load(settings)).toEqual(defaults);
    // The one that has no default in a file either: without a value it is looked for.
    expect([...Object.keys(settings), "abraDir"].sort()).toEqual(Object.keys(defaults).sort());
  });

  it("writes what a host sets, and restarts the watcher for it", () => {
    const settings = {
      high: "40GB",
      low: "30.5 GB",
      minAge: "36h",
      keep: ["debian", "ghcr.io/**"],
      abraDir: null,
      composeFiles: ["/srv/a/compose.yml"],
      stateDir: "/srv/state",
      containers: { minAge: "3d" },
      buildCache: { minAge: "30m" },
    };
    const found = host({ prune: { settings } });
    expect(settingsOf(found)).toEqual(settings);
    expect(() => load(settings)).not.toThrow();
    expect(found.systemd?.services?.["pullproof-watch"]?.restartTriggers).toEqual([
      found.environment?.etc["pullproof/prune.yaml"]?.source,
    ]);
  });

  it.each([
    ["high", "a lot"],
    ["high", 80],
    ["low", ""],
    ["minAge", "7 weeks"],
    ["minAge", 7],
    ["keep", "debian"],
    ["composeFiles", ["compose.yml"]],
    ["stateDir", "state"],
    ["containers", { minAge: "long" }],
    ["containers", {}],
    ["containers", { minAge: "7d", all: true }],
    ["buildCache", true],
  ])("refuses the %s that the command refuses: %j", (key, value) => {
    expect(() => load({ [key]: value })).toThrow(expect.objectContaining({ exitCode: 78 }));
    const { code, stderr } = evaluate({
      enable: true,
      package: package_,
      prune: { settings: { [key]: value } },
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain(`services.pullproof.prune.settings.${key}`);
  });

  it.each([
    [{ enable: true }, "services.pullproof.package is used but not defined"],
    [
      { enable: true, package: package_, prune: { date: "daily" } },
      "services.pullproof.prune.date is no option",
    ],
  ])("is one in which mistakes show: %j", (given, words) => {
    expect(evaluate(given).stderr).toContain(words);
  });
});

/** A unit as NixOS would write it: lists with spaces between, true as yes. */
function asUnitFile(systemd: Evaluated["systemd"], name: UnitName): UnitFile {
  const [stem = "", kind] = name.split(".");
  const unit = (kind === "timer" ? systemd?.timers : systemd?.services)?.[stem];
  const words = (values: string[] | undefined) => (values === undefined ? [] : [values.join(" ")]);
  const section = (settings: Record<string, unknown> = {}) =>
    Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key, [value === true ? "yes" : String(value)]]),
    );
  const filled = (sections: UnitFile) =>
    Object.fromEntries(
      Object.entries(sections)
        .map(([title, settings]) => [title, keepFilled(settings)] as const)
        .filter(([, settings]) => Object.keys(settings).length > 0),
    );
  return filled({
    Unit: {
      Description: words(unit && [unit.description]),
      After: words(unit?.after),
      Wants: words(unit?.wants),
    },
    Service: section(unit?.serviceConfig),
    Timer: section(unit?.timerConfig),
    Install: { WantedBy: words(unit?.wantedBy) },
  });
}

function keepFilled(settings: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(settings).filter(([, values]) => values.length > 0));
}
