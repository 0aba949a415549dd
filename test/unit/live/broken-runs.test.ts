import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { LiveStage } from "../../support/live-stage.ts";

/** Whole runs, with a process for each command on the host, on a machine that may be busy. */
const patience = { timeout: 240_000 };

const account = { name: "keeper", pat: "dckr_pat_keeper" };

const statuses = (stage: LiveStage) =>
  stage.evidence.filter(({ kind }) => kind === "outcome").map(({ data }) => data.status);

describe("a live run whose connection breaks during a deploy", patience, () => {
  it("decides nothing, keeps its evidence, and cleans up over a new connection", async () => {
    const stage = await LiveStage.open(account);
    stage.answerDocker(async ([, verb]) => {
      if (verb === "deploy") await stage.disconnect(true);
      return {};
    });
    const { code, stderr } = await stage.line.run(...stage.verify());
    expect(code, stderr).toBe(ExitCode.inconclusive);
    expect(statuses(stage)[0]).toBe("info");
    expect(statuses(stage)).not.toContain("ok");
    expect(stage.evidence.at(-1)).toMatchObject({ kind: "end", data: { completed: true } });
    expect(stderr).not.toContain("error:");
    expect(stage.connections).toBe(2);
    expect(stage.left).toEqual([]);
  });

  it("says what to take away by hand where there is no new one", async () => {
    const stage = await LiveStage.open(account);
    stage.answerDocker(async ([, verb]) => {
      if (verb === "deploy") await stage.disconnect(false);
      return {};
    });
    const { code, stderr } = await stage.line.run(...stage.verify());
    expect(code).toBe(ExitCode.internal);
    expect(stderr).toMatch(
      /error: what the run deployed could not be taken away from the live host\n {2}seen: .+Connection refused/,
    );
    expect(stderr).toMatch(/next: there: docker stack rm pullproof-\w+_example_com; /);
    expect(stderr).toMatch(/next: there: rm -rf \S+pullproof-\w+\n/);
    // Nothing is known to have failed.
    expect(new Set(statuses(stage))).toEqual(new Set(["info"]));
    // Judged and sealed like any other.
    expect(existsSync(join(stage.line.cwd, "run/SHA256SUMS"))).toBe(true);
  });
});

describe("a disk that is full under the run's folder", patience, () => {
  it("ends the run with what to do, leaves the host clean, and the evidence fit to be judged", async () => {
    const stage = await LiveStage.open(account);
    const run = stage.line.start(...stage.verify());
    const evidence = join(stage.line.cwd, "run/evidence.jsonl");
    stage.answerDocker(([, verb]) => {
      // Room for half a line: what fills up takes a part of it.
      const room = verb === "deploy" ? statSync(evidence).size + 100 : null;
      if (room !== null) execFileSync("prlimit", ["--pid", `${run.child.pid}`, `--fsize=${room}`]);
      return {};
    });
    const { code, stdout, stderr } = await run.ended;
    expect({ code, stdout }, stderr).toEqual({ code: ExitCode.unavailable, stdout: "" });
    expect(stderr).toMatch(
      /error: the evidence cannot be written\n {2}seen: run\/evidence\.jsonl: .+\n {2}next: free space/,
    );
    expect(stage.left).toEqual([]);
    expect(stage.evidence.at(-1)).not.toMatchObject({ kind: "end" });
    expect(existsSync(join(stage.line.cwd, "run/report.md"))).toBe(false);
    const check = await stage.line.run("check", "run");
    expect(check.code, check.stderr).toBe(ExitCode.inconclusive);
  });
});
