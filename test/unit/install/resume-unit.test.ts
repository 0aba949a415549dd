import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { installUnit, removeUnit, requireUnits } from "../../../src/install/own-unit.ts";
import { type Resumption, resumeUnit, resumeUnitName } from "../../../src/install/resume-unit.ts";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import { runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { parseUnit } from "../../support/unit-file.ts";

const name = resumeUnitName("20260102-030405-abcd");

const resumption: Resumption = {
  run: "20260102-030405-abcd",
  folder: "/srv/reports/run",
  state: "/srv/reports/run/resume.json",
  cwd: "/srv",
  user: "alice",
  program: { node: "/opt/node", main: "/opt/pullproof/main.ts" },
  environment: { PATH: "/usr/bin:/bin", HOME: "/home/alice" },
};

describe("the unit that goes on with a run", () => {
  const unit = parseUnit(resumeUnit(resumption));

  it("runs once, after engine and network, for as long as there is something to go on with", () => {
    expect(unit.Unit).toMatchObject({
      After: ["docker.service network-online.target"],
      ConditionPathExists: [resumption.state],
    });
    expect(unit.Service).toMatchObject({ Type: ["oneshot"], Restart: ["no"] });
    expect(Number(unit.Service?.TimeoutStartSec?.[0])).toBeGreaterThan(3600);
    expect(unit.Install?.WantedBy).toEqual(["multi-user.target"]);
  });

  it("is this very program, as the same user, in the same folder", () => {
    expect(unit.Service).toMatchObject({
      User: ["alice"],
      WorkingDirectory: ["/srv"],
      Environment: ["PATH=/usr/bin:/bin", "HOME=/home/alice"],
      ExecStart: ["/opt/node /opt/pullproof/main.ts resume /srv/reports/run"],
    });
  });

  it("is taken away by systemd before anything else, whatever its user may", () => {
    const removal = unit.Service?.ExecStartPre?.[0] ?? "";
    expect(removal).toMatch(/^\+/);
    expect(removal).toContain(`/etc/systemd/system/${name}`);
    expect(removal).toContain(`/etc/systemd/system/multi-user.target.wants/${name}`);
  });

  it("ends well with any verdict, and not with an error", () => {
    const codes = unit.Service?.SuccessExitStatus?.[0]?.split(" ").map(Number);
    expect(codes).toContain(ExitCode.fail);
    expect(codes).toContain(ExitCode.inconclusive);
    expect(codes).not.toContain(ExitCode.internal);
  });

  it("takes paths for data", () => {
    const odd = '/srv/my "runs", 100% $HOME';
    const text = resumeUnit({ ...resumption, folder: odd, state: `${odd}/resume.json`, cwd: odd });
    const { Unit, Service } = parseUnit(text);
    expect(Service?.WorkingDirectory).toEqual(['/srv/my "runs", 100%% $HOME']);
    expect(Unit?.ConditionPathExists).toEqual(['/srv/my "runs", 100%% $HOME/resume.json']);
    expect(Service?.ExecStart?.[0]).toMatch(/ resume "\/srv\/my \\"runs\\", 100%% \$\$HOME"$/);
  });

  it.each(["/srv/a\nExecStart=/bin/evil", "/srv/a\\", "/srv/a "])(
    "is not made for a folder that it cannot name: %j",
    async (cwd) => {
      const thrown = await thrownBy(() => resumeUnit({ ...resumption, cwd }));
      expect(thrown).toMatchObject({ exitCode: ExitCode.usage });
    },
  );

  it("is not made for what is no run's id", () => {
    expect(() => resumeUnitName("../../cron.d/x")).toThrow();
  });
});

describe("systemd-analyze verify", () => {
  const missing = spawnSync("systemd-analyze", ["--version"]).status !== 0;
  beforeEach(({ skip }) => skip(missing, "systemd-analyze is missing; Debian has it in systemd"));

  it.each(["bin", "my tools, 100% ü $x"])("has nothing to say of a unit whose program is in %j", (place) => {
    const folder = join(tempFolder(), place);
    const node = writeScript(join(folder, "node"), "");
    const program = { node, main: join(folder, "main.ts") };
    const text = resumeUnit({ ...resumption, folder, state: join(folder, "x"), cwd: folder, program });
    const units = writeTree(tempFolder(), { [name]: text });
    const verify = ["verify", "--man=no", join(units, name)];
    const { stdout, stderr } = spawnSync("systemd-analyze", verify, { encoding: "utf8" });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("pullproof-"));
    expect(lines).toEqual([]);
  });
});

describe("a unit for the next boot", () => {
  /** A machine with a folder of units, and a systemctl that notes what it is told, and links as the real one does. */
  function machine(systemctl = "") {
    const root = tempFolder();
    const folder = join(root, "units");
    mkdirSync(join(folder, "multi-user.target.wants"), { recursive: true });
    writeScript(
      join(root, "bin/systemctl"),
      `printf '%s\\n' "$*" >> ${root}/asked
       ${systemctl}
       case $1 in
         enable) ln -s "../$2" "${folder}/multi-user.target.wants/$2" ;;
         disable) rm "${folder}/multi-user.target.wants/$2" ;;
       esac`,
    );
    // Nobody here is allowed to be root.
    writeScript(join(root, "bin/sudo"), 'echo "sudo: a password is required" >&2; exit 1');
    const PATH = `${join(root, "bin")}:/usr/bin:/bin`;
    const host = { exec: (command: string[]) => runHere(command, { PATH }) };
    const asked = () => readFileSync(join(root, "asked"), "utf8").trim().split("\n");
    const left = () => readdirSync(folder, { recursive: true }).sort();
    return { root, host, folder, asked, left };
  }

  it("is written as it is, for all to read, and enabled", async () => {
    const { host, folder, asked } = machine();
    const text = "[Unit]\nDescription=100% $HOME 'quoted' \\n\n";
    await installUnit(host, name, text, folder);
    expect(readFileSync(join(folder, name), "utf8")).toBe(text);
    expect(asked()).toEqual([`enable ${name}`]);
  });

  it("leaves nothing when it is removed, which may happen twice", async () => {
    const { host, folder, left, asked } = machine();
    await installUnit(host, name, "x", folder);
    await removeUnit(host, name, folder);
    expect(left()).toEqual(["multi-user.target.wants"]);
    expect(asked().at(-1)).toBe("daemon-reload");
    await removeUnit(host, name, folder);
  });

  it("leaves nothing when systemd refuses it, and says what to allow", async () => {
    const { host, folder, left } = machine('[ "$1" != enable ] || { echo "Access denied" >&2; exit 1; }');
    writeTree(folder, { [`multi-user.target.wants/${name}`]: "" });
    const thrown = await thrownBy(() => installUnit(host, name, "x", folder));
    expect(thrown).toBeInstanceOf(Failure);
    expect(thrown).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/Access denied; sudo: a password is required/),
      next: expect.stringContaining("sudo -n"),
    });
    expect(left()).toEqual(["multi-user.target.wants"]);
  });

  it("that cannot be removed is told, with how to do it by hand", async () => {
    const { host, folder } = machine('[ "$1" != disable ] || exit 1');
    await installUnit(host, name, "x", folder);
    const thrown = await thrownBy(() => removeUnit(host, name, folder));
    expect(thrown).toMatchObject({
      exitCode: ExitCode.unavailable,
      next: expect.stringContaining(`sudo rm ${folder}/${name}`),
    });
    expect(existsSync(join(folder, name))).toBe(true);
  });

  it("is written by sudo where the user may not", async () => {
    const { root, host, folder } = machine();
    // As root would: what comes after -n.
    writeScript(join(root, "bin/sudo"), `chmod 755 ${folder}; shift; exec "$@"`);
    const asRoot = process.getuid?.() === 0;
    chmodSync(folder, asRoot ? 0o755 : 0o555);
    await installUnit(host, name, "x", folder);
    expect(readFileSync(join(folder, name), "utf8")).toBe("x");
  });

  it("is not even tried where there is no folder for it", async () => {
    const { host, root, folder } = machine();
    await requireUnits(host, folder);
    const thrown = await thrownBy(() => requireUnits(host, join(root, "none")));
    expect(thrown).toMatchObject({ exitCode: ExitCode.unavailable });
  });
});
