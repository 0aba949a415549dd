import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import {
  enabledUnits,
  type Program,
  renderUnit,
  type UnitName,
  unitNames,
} from "../../../src/install/units.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";
import { parseUnit } from "../../support/unit-file.ts";

const folder = fileURLToPath(new URL("../../../packaging/systemd", import.meta.url));
const here: Program = { node: "/opt/node/bin/node", main: "/opt/pullproof/src/cli/main.ts" };

const template = (name: UnitName) => readFileSync(join(folder, name), "utf8");
const parsed = (name: UnitName, program = here) => parseUnit(renderUnit(template(name), program));

describe("the units", () => {
  it("are all that packaging/systemd holds, but for those of the nightly job, which an operator sets up", () => {
    const others = readdirSync(folder).filter((name) => !name.startsWith("pullproof-nightly."));
    expect(others.sort()).toEqual([...unitNames].sort());
  });

  it("run the prune as a command that ends, and take a run in progress for no failure", () => {
    const { Unit, Service, Install } = parsed("pullproof-prune.service");
    expect(Unit?.After).toEqual(["docker.service"]);
    expect(Service).toMatchObject({
      Type: ["oneshot"],
      ExecStart: ["/opt/node/bin/node /opt/pullproof/src/cli/main.ts prune --apply"],
      SuccessExitStatus: [String(ExitCode.tryLater)],
    });
    // An engine that is down stays down: a prune is no reason to start it.
    expect(Unit).not.toHaveProperty("Wants");
    expect(Install).toBeUndefined();
  });

  it("start the prune each day, at a time of the host's own, and after a day that was missed", () => {
    const { Timer, Install } = parsed("pullproof-prune.timer");
    expect(Timer).toMatchObject({ OnCalendar: ["daily"], Persistent: ["yes"] });
    expect(Timer?.RandomizedDelaySec?.[0]).toMatch(/^\d+[mh]$/);
    expect(Timer).not.toHaveProperty("Unit");
    expect(Install?.WantedBy).toEqual(["timers.target"]);
  });

  it("keep the watcher running, behind the engine", () => {
    const { Unit, Service, Install } = parsed("pullproof-watch.service");
    expect(Unit).toMatchObject({ After: ["docker.service"], Wants: ["docker.service"] });
    expect(Service).toMatchObject({
      ExecStart: ["/opt/node/bin/node /opt/pullproof/src/cli/main.ts watch"],
      Restart: ["always"],
    });
    expect(Install?.WantedBy).toEqual(["multi-user.target"]);
  });

  it.each(["pullproof-prune.service", "pullproof-watch.service"] as const)(
    "leave %s what it needs: its state, the socket, a data root anywhere, V8's memory",
    (name) => {
      const Service = parsed(name).Service ?? {};
      expect(Service).toMatchObject({
        StateDirectory: ["pullproof"],
        RestrictAddressFamilies: ["AF_UNIX"],
        // `strict` would make the data root read-only, which the prune refuses.
        ProtectSystem: ["full"],
        NoNewPrivileges: ["yes"],
      });
      const inTheWay =
        /^(User|DynamicUser|PrivateUsers|ProtectHome|ReadOnlyPaths|InaccessiblePaths|TemporaryFileSystem|RootDirectory|MemoryDenyWriteExecute)$/;
      expect(Object.keys(Service).filter((setting) => inTheWay.test(setting))).toEqual([]);
    },
  );

  it("guard both services alike", () => {
    const guards = (name: UnitName) =>
      Object.entries(parsed(name).Service ?? {}).filter(([setting]) =>
        /^(Capab|Lock|NoNew|Private|Protect|Restrict|SystemCall)/.test(setting),
      );
    expect(guards("pullproof-watch.service")).toEqual(guards("pullproof-prune.service"));
    expect(guards("pullproof-watch.service").length).toBeGreaterThan(10);
  });

  it("are enabled where they have a section for that, and nowhere else", () => {
    expect(unitNames.filter((name) => parsed(name).Install !== undefined).sort()).toEqual(
      [...enabledUnits].sort(),
    );
  });
});

describe("renderUnit", () => {
  it("changes nothing but the program", () => {
    for (const name of unitNames) {
      const before = template(name).split("\n");
      const changed = renderUnit(template(name), here)
        .split("\n")
        .filter((line, index) => line !== before[index]);
      expect(changed.map((line) => line.split("=")[0])).toEqual(
        name.endsWith(".service") ? ["ExecStart"] : [],
      );
    }
  });

  it.each([
    ["a space", "/opt/my tools/main.ts", '"/opt/my tools/main.ts"'],
    ["a specifier", "/opt/100%/main.ts", "/opt/100%%/main.ts"],
    ["a variable", "/opt/$HOME/main.ts", '"/opt/$$HOME/main.ts"'],
    ["what String.replace would fill in", "/opt/$&/main.ts", '"/opt/$$&/main.ts"'],
    ["quotes", `/opt/"a" 'b'/main.ts`, `"/opt/\\"a\\" 'b'/main.ts"`],
    ["a backslash", "/opt/a\\b/main.ts", '"/opt/a\\\\b/main.ts"'],
    ["a line's end", "/opt/a\nExecStart=b/main.ts", '"/opt/a\\nExecStart=b/main.ts"'],
    ["letters of all the world", "/opt/wörk/main.ts", '"/opt/wörk/main.ts"'],
  ])("writes a path with %s as one word", (_, main, word) => {
    const { Service } = parsed("pullproof-watch.service", { ...here, main });
    expect(Service?.ExecStart).toEqual([`/opt/node/bin/node ${word} watch`]);
  });

  it("does not take a sign for a variable in the word that names the program, as systemd does not", () => {
    const { Service } = parsed("pullproof-watch.service", { ...here, node: "/opt/$x/node" });
    expect(Service?.ExecStart).toEqual([`"/opt/$x/node" ${here.main} watch`]);
  });
});

describe("systemd-analyze verify", () => {
  const missing = spawnSync("systemd-analyze", ["--version"]).status !== 0;
  beforeEach(({ skip }) => skip(missing, "systemd-analyze is missing; Debian has it in systemd"));

  /** What it says of the units, which it names in each of its lines. */
  function complaints(units: Record<string, string>): string[] {
    const folder = writeTree(tempFolder(), units);
    const files = Object.keys(units).map((name) => join(folder, name));
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], {
      encoding: "utf8",
    });
    return `${stdout}${stderr}`.split("\n").filter((line) => line.includes("pullproof-"));
  }

  function rendered(program: Program): Record<string, string> {
    return Object.fromEntries(unitNames.map((name) => [name, renderUnit(template(name), program)]));
  }

  it.each(["bin", "my tools, 100% ü $x"])("has nothing to say of units whose program is in %j", (name) => {
    const folder = join(tempFolder(), name);
    const node = writeScript(join(folder, "node"), "");
    expect(complaints(rendered({ node, main: join(folder, "main.ts") }))).toEqual([]);
  });

  it("would notice a setting that there is not, and a program that is missing", () => {
    const node = writeScript(join(tempFolder(), "node"), "");
    const units = rendered({ node, main: here.main });
    const service = units["pullproof-watch.service"] ?? "";
    const misspelt = service.replace("RestartSec=", "RestartSeconds=");
    expect(complaints({ ...units, "pullproof-watch.service": misspelt }).join()).toMatch(/RestartSeconds/);
    expect(complaints(rendered({ ...here, node: `${node}-gone` })).join()).toMatch(/node-gone/);
  });
});
