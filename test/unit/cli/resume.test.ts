import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { createRunFolder, files } from "../../../src/runner/run-folder.ts";
import { CommandLine } from "../../support/command-line.ts";
import { cutBefore, jsonLines } from "../../support/edit.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun } from "../../support/stored-run.ts";

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
