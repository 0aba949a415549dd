import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../src/check/judge.ts";
import { parseEvidence } from "../../src/check/stored-run.ts";
import type { Entry } from "../../src/model/evidence.ts";
import type { Judgement } from "../../src/model/verdict.ts";
import { CommandLine } from "../support/command-line.ts";
import { reachBySsh, sshName } from "../support/lab-ssh.ts";
import { startTestLab, type TestLab } from "./lab.ts";

let own: TestLab;
let reach: NodeJS.ProcessEnv;
const folder = mkdtempSync(join(tmpdir(), "pp-test-"));

beforeAll(async () => {
  own = await startTestLab("graphdriver");
  const { host, hub, container } = own.lab;
  // What the recipe for live hosts names: at this hub they are fixtures with an image of that name.
  await hub.publish("worker", { repository: "library/busybox", tag: "1.36.1", variant: "a" });
  await hub.publish("store", { repository: "library/alpine", tag: "3.20.3", variant: "a" });
  reach = await reachBySsh(host, container, folder);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await own?.[Symbol.asyncDispose]();
});

interface LiveEnd {
  code: number | null;
  said: string;
  entries: Entry[];
  judgement: Judgement;
}

function ended(code: number | null, said: string, evidence: string): LiveEnd {
  const { entries } = parseEvidence(evidence, true);
  return { code, said, entries, judgement: judge(entries) };
}

/** A run on the host itself, at its own socket. */
async function onTheHost(...options: string[]): Promise<LiveEnd> {
  const { host } = own.lab;
  const runFolder = "/root/live-run";
  await host.exec(["rm", "-rf", runFolder]);
  const verify = ["pullproof", "verify", "--host", "live", "--yes", "--run-dir", runFolder, ...options];
  const { exitCode, stdout, stderr } = await host.exec(verify);
  const evidence = await host.exec(["cat", `${runFolder}/evidence.jsonl`]);
  return ended(exitCode, `${stdout}${stderr}`, evidence.stdout);
}

/** A run from this machine. */
async function fromHere(...options: string[]): Promise<LiveEnd> {
  const here = new CommandLine(reach);
  const verify = ["verify", "--host", "live", "--yes", "--run-dir", "run", ...options];
  const { code, stdout, stderr } = await here.run(...verify);
  return ended(code, `${stdout}${stderr}`, readFileSync(join(here.cwd, "run", "evidence.jsonl"), "utf8"));
}

const gaps = ({ entries }: LiveEnd) => entries.flatMap((entry) => (entry.kind === "gap" ? [entry.data] : []));

const verdicts = ({ judgement }: LiveEnd) =>
  Object.fromEntries(
    judgement.claims.filter(({ verdict }) => verdict !== "skipped").map(({ id, verdict }) => [id, verdict]),
  );

const allPass = {
  "PC1.4": "pass",
  "PC2.1": "pass",
  "PC2.2": "pass",
  "PC2.4": "pass",
  "PC3.1": "pass",
  G3: "pass",
};

describe("a live run", () => {
  it("on the host itself", async () => {
    const run = await onTheHost();
    expect(verdicts(run), run.said).toEqual(allPass);
  });

  it.each([
    ["ssh://", ["--docker-host", `ssh://${sshName}`]],
    ["a context", ["--context", sshName]],
  ])("over %s", async (_, options) => {
    const run = await fromHere(...options);
    expect(gaps(run)).toEqual([]);
    expect(verdicts(run), run.said).toEqual(allPass);
  });
});
