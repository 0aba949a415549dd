import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { addInstall } from "../../../src/cli/install.ts";
import { nextCommands } from "../../../src/install/systemd.ts";
import { openTarget, programWithin } from "../../../src/install/target.ts";
import { unitNames } from "../../../src/install/units.ts";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { parseUnit } from "../../support/unit-file.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const main = join(repository, "src/cli/main.ts");

interface Ended {
  code: unknown;
  stdout: string;
  stderr: string;
  failure: Failure | null;
}

/** Calls `pullproof install --systemd` in this process, with nobody to ask. */
async function install(...words: string[]): Promise<Ended> {
  const program = new Command("pullproof").exitOverride();
  addInstall(program);
  const [out, err] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockReturnValue(true),
  );
  const written = (spy: typeof out) => spy?.mock.calls.map(([text]) => String(text)).join("") ?? "";
  let failure: Failure | null = null;
  try {
    await program.parseAsync(["install", "--systemd", ...words], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    failure = thrown;
  }
  const ended = { stdout: written(out), stderr: written(err), code: failure?.exitCode ?? process.exitCode };
  for (const spy of [out, err]) spy?.mockRestore();
  process.exitCode = undefined;
  return { ...ended, failure };
}

/** The root of a system that has systemd. */
function systemRoot(files: Record<string, string> = {}): string {
  const root = tempFolder();
  mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
  return writeTree(root, files);
}

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length))
    .sort();

const all = ["/etc/pullproof/prune.yaml", ...unitNames.map((name) => `/etc/systemd/system/${name}`)];

describe("pullproof install --systemd", () => {
  beforeEach(() => {
    const { isTTY } = process.stdin;
    process.stdin.isTTY = false;
    return () => {
      process.stdin.isTTY = isTTY;
    };
  });

  it("shows each file and writes none, until somebody says yes", async () => {
    const root = systemRoot();
    const { code, stdout, failure } = await install("--root", root);
    expect(code).toBe(ExitCode.usage);
    expect(failure?.next).toContain("--yes");
    for (const path of all) {
      expect(stdout).toContain(`${root}${path}: new\n`);
      expect(failure?.seen).toContain(path);
    }
    expect(stdout).toMatch(/^ {2}\+ ExecStart=.* prune --apply$/m);
    expect(filesIn(root)).toEqual([]);
  });

  it("writes units that start this pullproof with this node", async () => {
    const root = systemRoot();
    const { code, stdout } = await install("--root", root, "--yes");
    expect(code).toBe(ExitCode.pass);
    expect(filesIn(root)).toEqual(all);
    const watch = readFileSync(join(root, "etc/systemd/system/pullproof-watch.service"), "utf8");
    expect(parseUnit(watch).Service?.ExecStart).toEqual([`${process.execPath} ${main} watch`]);
    expect(existsSync(main)).toBe(true);
    expect(stdout).toMatch(/^4 files written\nnext: systemctl .*enable .*$/m);
  });

  it("has nothing to do, and nothing to ask, the second time", async () => {
    const root = systemRoot();
    await install("--root", root, "--yes");
    const { code, stdout } = await install("--root", root);
    expect(code).toBe(ExitCode.pass);
    expect(stdout.match(/: unchanged$/gm)).toHaveLength(4);
    expect(stdout).toMatch(/^nothing to write$/m);
  });

  it("shows what it changes of an older unit, and changes that alone", async () => {
    const root = systemRoot();
    await install("--root", root, "--yes");
    writeTree(root, { "etc/systemd/system/pullproof-watch.service": "[Service]\nExecStart=/old watch\n" });
    const asked = await install("--root", root);
    expect(asked.failure?.seen).toMatch(/^to write: \S+pullproof-watch\.service$/);
    expect(asked.stdout).toMatch(/^ {2}- ExecStart=\/old watch\n[\s\S]*^ {2}\+ ExecStart=.* watch$/m);
    const { stdout } = await install("--root", root, "--yes");
    expect(stdout).toMatch(/^1 file written$/m);
    expect(readFileSync(join(root, "etc/systemd/system/pullproof-watch.service"), "utf8")).toContain(main);
  });

  it("never writes over an operator's settings", async () => {
    const root = systemRoot({ "etc/pullproof/prune.yaml": "high: 90%\n" });
    const { code, stdout } = await install("--root", root, "--yes");
    expect(code).toBe(ExitCode.pass);
    expect(stdout).toMatch(/prune\.yaml: .*stays as it is$/m);
    expect(readFileSync(join(root, "etc/pullproof/prune.yaml"), "utf8")).toBe("high: 90%\n");
  });

  it("prints as JSON what is there, what will be and what to run", async () => {
    const root = systemRoot({ "etc/pullproof/prune.yaml": "high: 90%\n" });
    const refused = await install("--root", root, "--json");
    expect(refused).toMatchObject({ code: ExitCode.usage, stdout: "" });
    const { stdout } = await install("--root", root, "--json", "--yes");
    const { files, next } = JSON.parse(stdout) as {
      files: { path: string; state: string }[];
      next: string[];
    };
    expect(files.map(({ path, state }) => [path.slice(root.length), state])).toEqual([
      ...unitNames.map((name) => [`/etc/systemd/system/${name}`, "new"]),
      ["/etc/pullproof/prune.yaml", "kept"],
    ]);
    expect(next).toEqual([expect.stringMatching(/^systemctl --root=\S+ enable /)]);
  });

  it("warns that an image has to have what its units start", async () => {
    const { stderr } = await install("--root", systemRoot(), "--yes");
    expect(stderr).toMatch(/^warning: .*main\.ts/);
  });

  it.each([
    ["a root without systemd", () => tempFolder()],
    ["a root that is not there", () => join(tempFolder(), "none")],
    ["a file in the folder's place", () => writeTree(tempFolder(), { "etc/systemd/system": "" })],
  ])("refuses %s", async (_, make) => {
    const root = make();
    const { code, stdout, failure } = await install("--root", root, "--yes");
    expect({ code, stdout }).toEqual({ code: ExitCode.unavailable, stdout: "" });
    expect(failure).toMatchObject({
      seen: expect.stringContaining(join(root, "etc/systemd/system")),
      next: expect.stringContaining("--root"),
    });
  });

  it.each(["etc/systemd/system", "etc/pullproof"])(
    "refuses a root whose %s leads out of it",
    async (path) => {
      const [root, elsewhere] = [tempFolder(), tempFolder()];
      for (const name of ["etc/systemd", ...(path === "etc/pullproof" ? ["etc/systemd/system"] : [])])
        mkdirSync(join(root, name), { recursive: true });
      symlinkSync(elsewhere, join(root, path));
      const { code, failure } = await install("--root", root, "--yes");
      expect(code).toBe(ExitCode.unavailable);
      expect(failure?.seen).toContain(elsewhere);
      expect(readdirSync(elsewhere)).toEqual([]);
      expect(filesIn(root)).toEqual([`/${path}`]);
    },
  );

  it("wants to know what to install", async () => {
    const program = new Command("pullproof").exitOverride().configureOutput({ writeErr: () => {} });
    addInstall(program);
    for (const command of program.commands) command.configureOutput({ writeErr: () => {} });
    await expect(program.parseAsync(["install"], { from: "user" })).rejects.toThrow(/--systemd/);
  });

  it("tells a user without permission before it asks", () => {
    const root = systemRoot();
    chmodSync(root, 0o755);
    chmodSync(join(root, "etc/systemd/system"), 0o555);
    // Loaded before the power is given up: the sources may be for root's eyes only.
    const script = `
      const { Command } = await import("commander");
      const { addInstall } = await import("./src/cli/install.ts");
      if (process.getuid() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534); }
      const program = new Command("pullproof").exitOverride();
      addInstall(program);
      const words = ["install", "--systemd", "--root", process.argv[1]];
      await program.parseAsync(words, { from: "user" }).catch((thrown) => console.log(JSON.stringify(thrown)));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script, root], {
      cwd: repository,
      encoding: "utf8",
    });
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: ExitCode.unavailable,
      what: expect.stringContaining("may not"),
      seen: expect.stringContaining(join(root, "etc/systemd/system")),
      next: expect.stringContaining("root"),
    });
    expect(filesIn(root)).toEqual([]);
  });
});

describe("nextCommands", () => {
  const files = unitNames.map((name) => ({
    path: `/etc/systemd/system/${name}`,
    state: "new" as const,
    before: null,
    after: "",
  }));
  const host = { root: "/", units: "/etc/systemd/system", settings: "/etc/pullproof/prune.yaml" };

  it("makes systemd read the units, and starts the watcher and the timer", () => {
    expect(nextCommands(host, files)).toEqual([
      "systemctl daemon-reload",
      "systemctl enable --now pullproof-watch.service pullproof-prune.timer",
    ]);
  });

  it("restarts a watcher that runs as it was", () => {
    const changed = files.map((file) => ({ ...file, state: "changed" as const, before: "old" }));
    expect(nextCommands(host, changed).at(-1)).toBe("systemctl try-restart pullproof-watch.service");
  });

  it("starts nothing of an image, and quotes its root", () => {
    const [only, ...more] = nextCommands({ ...host, root: "/mnt/my image" }, files);
    expect(only).toMatch(/^systemctl --root='\/mnt\/my image' enable pullproof-watch\.service /);
    expect(more).toEqual([]);
  });
});

describe("programWithin", () => {
  it("names what is in the root as it will be named from inside, and anything else as it is", async () => {
    const root = systemRoot({ "opt/pullproof/main.ts": "" });
    const program = { node: process.execPath, main: join(root, "opt/pullproof/main.ts") };
    expect(programWithin((await openTarget(root)).root, program)).toEqual({
      node: process.execPath,
      main: "/opt/pullproof/main.ts",
    });
    expect(programWithin("/", { node: process.execPath, main })).toEqual({ node: process.execPath, main });
  });
});
