import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { waitingFile } from "../../../src/lab/waiting.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import type { Scenario } from "../../../src/model/plan.ts";
import { liveApp } from "../../../src/runner/live.ts";
import { writeResumeState } from "../../../src/runner/resume-state.ts";
import { createRunFolder, files } from "../../../src/runner/run-folder.ts";
import { holdRun } from "../../../src/runner/run-scope.ts";
import { readStoredRun } from "../../../src/runner/stored.ts";
import { CommandLine } from "../../support/command-line.ts";
import { cutBefore, jsonLines } from "../../support/edit.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { LiveMachineDouble } from "../../support/live-machine.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun } from "../../support/stored-run.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

const patience = { timeout: 60_000 };
const entries = simulate({ scenarios: [chain()] });

/** A working directory in which `reports/run` was killed, in the middle of a line. */
function withKilledRun(env?: NodeJS.ProcessEnv): CommandLine {
  const line = new CommandLine(env);
  const folder = join(line.cwd, "reports/run");
  createRunFolder(folder);
  writeFileSync(join(folder, files.evidence), `${jsonLines(cutBefore(entries, "prune"))}{"seq":`);
  return line;
}

const evidenceOf = (line: CommandLine) => readFileSync(join(line.cwd, "reports/run", files.evidence), "utf8");

describe("resume", patience, () => {
  it("knows of no run that is not there", async () => {
    const ended = await new CommandLine().run("resume", "nothing");
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toContain("there is no such run");
  });

  it("has nothing to go on with in a run that has ended, and leaves it as it is", async () => {
    const line = new CommandLine();
    storeRun(join(line.cwd, "reports/run"), entries);
    const before = [line.tree(), evidenceOf(line)];
    const ended = await line.run("resume", "run");
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(/it has ended\n.*completed.*\n.*pullproof check reports\/run/);
    expect([line.tree(), evidenceOf(line)]).toEqual(before);
  });

  it("goes on with no run whose evidence was altered", async () => {
    const line = withKilledRun();
    const evidence = join(line.cwd, "reports/run", files.evidence);
    writeFileSync(evidence, readFileSync(evidence, "utf8").replace(/^.*\n(.*)\n/, "$1\n$1\n"));
    expect(await line.run("resume", "run")).toMatchObject({ code: ExitCode.internal, stdout: "" });
  });

  it("needs the engine that carries the machine", async () => {
    expect(await withKilledRun().run("resume", "run")).toMatchObject({ code: ExitCode.unavailable });
  });

  it.each<[string, object[], RegExp]>([
    ["is gone", [], /its machine is gone/],
    [
      "does not reboot",
      [{ Id: "x", Mounts: [{ Source: "/none/vm/host", Destination: "/run/pullproof" }] }],
      /no machine of it is rebooting/,
    ],
  ])(
    "says of a run whose machine %s that it is not resumable, and leaves it as it is",
    async (_, containers, says) => {
      const engine = await EngineDouble.listen();
      const [header] = entries;
      if (header?.kind !== "run") throw new Error("no header");
      const Labels = { "org.pullproof": "true", "org.pullproof.run": header.data.id };
      engine.containers = containers.map((container) => ({ ...container, Labels }));
      const line = withKilledRun({ DOCKER_HOST: `unix://${engine.socket}` });
      const before = [line.tree(), evidenceOf(line)];
      const ended = await line.run("resume", "run");
      expect(ended).toMatchObject({ code: ExitCode.unavailable, stdout: "" });
      expect(ended.stderr).toMatch(says);
      expect(ended.stderr).toContain("pullproof check reports/run");
      expect([line.tree(), evidenceOf(line)]).toEqual(before);
      expect(engine.requests.filter((asked) => !asked.startsWith("GET"))).toEqual([]);
    },
  );
});

describe("resume of a run on a live host", patience, () => {
  const scenario: Scenario = {
    id: "live-chain",
    title: "a chain",
    claims: ["PC2.3"],
    control: false,
    steps: [
      { id: "reboot", do: "restart", manner: "reboot" },
      { id: "teardown", do: "teardown", removeImages: false },
    ],
  };
  const run = entries.flatMap((entry) => (entry.kind === "run" ? [entry.data.id] : []))[0] ?? "";
  const { stack } = liveApp(loadSettings({}, "no/such/settings.yaml"), run);
  const service = { name: `${stack}_app`, image: "busybox:1.36.1", previousImage: null };

  /** A run that waits for its host, whose last boot was seen to have the given id; `env` and `where` say how it is reached. */
  async function waiting(bootId: string, where: object, env: NodeJS.ProcessEnv = {}) {
    const line = new CommandLine(env);
    const folder = join(line.cwd, "reports/run");
    createRunFolder(folder);
    const header = entries.find(({ kind }) => kind === "run");
    const clock = entries.find(({ kind }) => kind === "clock");
    if (header?.kind !== "run" || clock?.kind !== "clock") throw new Error("no header or clock");
    const at = { ...clock, host: "live", scenario: "live-chain", step: "reboot" };
    const own = [
      header,
      { ...at, data: { bootId, uptimeSeconds: 9 } },
      { ...at, kind: "uses", source: "uses", data: { containers: [], services: [service] } },
      { ...at, kind: "invoke", source: "runner", data: scenario.steps[0] },
    ] as Entry[];
    const numbered = own.map((entry, index) => ({ ...entry, seq: index + 1 }));
    writeFileSync(join(folder, files.evidence), jsonLines(numbered));
    await writeResumeState(folder, {
      host: "live",
      scenarios: [scenario],
      settings: loadSettings({ hosts: ["live"], allowReboot: true, ...where }, "no/such/settings.yaml"),
      deployer: "stack",
      latest: true,
      folder: join(line.cwd, "folder"),
      interfaceName: "eth0",
      accountedUnits: [],
    });
    return { line, folder, before: [line.tree(), evidenceOf(line)] };
  }

  const ownBoot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const here = { dockerHost: "unix:///none/engine.sock" };

  it("refuses while the boot id is the old one, without asking any engine, and leaves all as it is", async () => {
    const { line, before } = await waiting(ownBoot, here);
    const ended = await line.run("resume", "run");
    expect(ended).toMatchObject({ code: ExitCode.tryLater, stdout: "" });
    expect(ended.stderr).toMatch(/has not rebooted yet/);
    expect(ended.stderr).toMatch(/pullproof resume reports\/run/);
    expect(ended.stderr).toMatch(/docker stack rm pullproof-/);
    expect([line.tree(), evidenceOf(line)]).toEqual(before);
  });

  it("goes on over ssh with the app that came back, to the report, and leaves nothing there or here", async () => {
    const machine = await LiveMachineDouble.listen();
    const ssh = { dockerHost: `ssh://${LiveMachineDouble.name}` };
    const { line, folder } = await waiting("old", ssh, { PATH: machine.path });
    machine.deploy(stack);
    const ended = await line.run("resume", "run");
    expect(ended.stdout, ended.stderr).toContain("reports/run/report.md");
    const { entries: all } = readStoredRun(folder);
    const outcomes = all.flatMap((entry) => (entry.kind === "outcome" ? [entry] : []));
    expect(outcomes.map(({ step, data }) => [step, data.status])).toEqual([
      ["reboot", "ok"],
      ["teardown", "ok"],
    ]);
    expect(outcomes[0]?.data).toMatchObject({
      output: expect.stringMatching(/^resumed: /),
      services: [{ name: `${stack}_app`, running: true }],
    });
    expect(all.at(-1)).toMatchObject({ kind: "end", data: { completed: true } });
    expect(machine.told).toContain(`docker stack rm ${stack}`);
    expect(existsSync(join(folder, files.report))).toBe(true);
    expect(existsSync(join(folder, waitingFile))).toBe(false);
    expect(existsSync(join(line.cwd, "folder"))).toBe(false);
  });

  it.each(["over ssh", "on the host itself"])(
    "leaves a run as it is whose engine is not ready when it is interrupted: %s",
    async (how) => {
      const machine = await LiveMachineDouble.listen();
      const asked = new Promise<void>((resolve) =>
        machine.engine.on("GET /_ping", () => {
          resolve();
          return { status: 503, body: { message: "starting" } };
        }),
      );
      const dockerHost =
        how === "over ssh" ? `ssh://${LiveMachineDouble.name}` : `unix://${machine.engine.socket}`;
      const { line, folder } = await waiting("old", { dockerHost }, { PATH: machine.path });
      const before = evidenceOf(line);
      const { child, ended } = line.start("resume", "run");
      await asked;
      child.kill("SIGTERM");
      expect(await ended).toMatchObject({ code: ExitCode.interrupted, stdout: "" });
      expect(evidenceOf(line)).toBe(before);
      expect(existsSync(join(folder, waitingFile))).toBe(true);
      expect(machine.told.filter((told) => told.includes("stack"))).toEqual([]);
    },
  );

  it("refuses as long as the host cannot be reached", async () => {
    const bin = tempFolder();
    writeScript(join(bin, "ssh"), "echo 'ssh: no route to host' >&2; exit 255");
    const ssh = { dockerHost: "ssh://server.example" };
    const { line, before } = await waiting("old", ssh, { PATH: `${bin}:/usr/bin:/bin` });
    const ended = await line.run("resume", "run");
    expect(ended).toMatchObject({ code: ExitCode.tryLater, stdout: "" });
    expect(ended.stderr).toContain("no route to host");
    expect([line.tree(), evidenceOf(line)]).toEqual(before);
  });

  it("refuses while another process has the run", async () => {
    const { line, folder, before } = await waiting(ownBoot, here);
    using lock = await holdRun(folder);
    expect(lock).toBeDefined();
    const ended = await line.run("resume", "run");
    expect(ended).toMatchObject({ code: ExitCode.tryLater, stdout: "" });
    expect(ended.stderr).toContain("in the hands of another process");
    expect([line.tree(), evidenceOf(line)]).toEqual(before);
  });
});
