import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../src/check/judge.ts";
import { parseEvidence } from "../../src/check/stored-run.ts";
import { runProcess } from "../../src/host/process.ts";
import { waitingFile } from "../../src/lab/waiting.ts";
import { ExitCode } from "../../src/model/failure.ts";
import { until } from "../../src/until.ts";
import { canRunGuest } from "../../src/vm/spec.ts";
import { CommandLine } from "../support/command-line.ts";
import { reachMachine, sshName } from "../support/lab-ssh.ts";
import { startTestLab, type TestLab } from "./lab.ts";

/** Emulated and beside other work: a boot may take minutes, and there are two, with five deploys. */
const patience = 1_800_000;

/** A chain and a reboot on an emulated machine take longer than all other tests of an engine together. */
const wanted = canRunGuest && process.env.PULLPROOF_LIVE_REBOOT === "1";

describe.runIf(wanted)("a live host over ssh that is a virtual machine", { timeout: patience }, () => {
  let own: TestLab;
  let reach: NodeJS.ProcessEnv;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "pp-test-"));
    own = await startTestLab("graphdriver", "vm");
    const { host, hub, keys } = own.lab;
    if (keys === null) throw new Error("the machine has no keys");
    await hub.publish("worker", { repository: "library/busybox", tag: "1.36.1", variant: "a" });
    await hub.publish("store", { repository: "library/alpine", tag: "3.20.3", variant: "a" });
    reach = await reachMachine(host, join(own.folder, "lab/host/ssh.sock"), keys.machine, folder);
  }, patience);

  afterAll(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
    await own?.[Symbol.asyncDispose]();
  });

  it("is rebooted and waited for, brings the app back, and keeps its images", async () => {
    const here = new CommandLine(reach);
    const live = ["--host", "live", "--docker-host", `ssh://${sshName}`, "--allow-reboot", "--yes"];
    const ended = await here.run("verify", ...live, "--only", "PC2.3,PC2.2", "--run-dir", "run");
    const said = `${ended.stdout}${ended.stderr}`;
    const { entries } = parseEvidence(readFileSync(join(here.cwd, "run", "evidence.jsonl"), "utf8"), true);
    const ends = entries.flatMap((entry) =>
      entry.kind === "outcome" ? [[entry.step, entry.data.status, entry.data.message]] : [],
    );
    expect(ends, said).toContainEqual(["reboot", "ok", null]);
    const boots = entries.flatMap((entry) => (entry.kind === "clock" ? [entry.data.bootId] : []));
    expect(new Set(boots).size).toBe(2);
    const verdicts = Object.fromEntries(judge(entries).claims.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts, said).toMatchObject({ "PC2.3": "pass", "PC2.2": "pass" });
    // Nothing is left: neither here for somebody who would go on, nor there.
    expect(existsSync(join(here.cwd, "run", waitingFile))).toBe(false);
    const look = `ls -d /tmp/pullproof-* /var/tmp/pullproof-* 2> /dev/null; docker service ls --quiet`;
    const { stdout } = spawnSync("ssh", [sshName, look], { env: { ...process.env, ...reach } });
    expect(String(stdout)).toBe("");
    expect(said).not.toContain(own.account.pat);
  });

  it("goes on by itself after the boot where it judges the machine that it runs on", async () => {
    const env = { ...process.env, ...reach };
    const there = (line: string) => runProcess("ssh", [sshName, line], { env });
    const live = "pullproof verify --host live --allow-reboot --yes --only PC2.3,PC2.2 --run-dir run";
    const begun = await there(`mkdir /root/own && cd /root/own && ${live}`);
    // The machine may be down before it has said how the command ended.
    expect([ExitCode.tryLater, 255], `${begun.stdout}${begun.stderr}`).toContain(begun.exitCode);
    await until("the run has come to its end on the machine", patience, async () => {
      const { exitCode, stderr } = await there("test -e /root/own/run/SHA256SUMS");
      return exitCode === 0 ? true : `code ${exitCode}: ${stderr}`;
    });
    const { stdout: evidence } = await there("cat /root/own/run/evidence.jsonl");
    const { entries } = parseEvidence(evidence, true);
    const boots = entries.flatMap((entry) => (entry.kind === "clock" ? [entry.data.bootId] : []));
    expect(new Set(boots).size).toBe(2);
    const verdicts = Object.fromEntries(judge(entries).claims.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toMatchObject({ "PC2.3": "pass", "PC2.2": "pass" });
    const left = await there(
      "ls -d /etc/systemd/system/pullproof-resume-* /var/tmp/pullproof-* /root/own/run/resume.json 2> /dev/null; docker service ls --quiet",
    );
    expect(left.stdout).toBe("");
  });
});
