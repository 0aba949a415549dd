import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../src/check/judge.ts";
import { parseEvidence } from "../../src/check/stored-run.ts";
import type { Entry } from "../../src/model/evidence.ts";
import { startTestLab, type TestLab } from "./lab.ts";

let own: TestLab;

beforeAll(async () => {
  own = await startTestLab("graphdriver");
  const { hub } = own.lab;
  // What the recipe for live hosts names: at this hub they are fixtures with an image of that name.
  await hub.publish("worker", { repository: "library/busybox", tag: "1.36.1", variant: "a" });
  await hub.publish("store", { repository: "library/alpine", tag: "3.20.3", variant: "a" });
}, 120_000);

afterAll(async () => {
  await own?.[Symbol.asyncDispose]();
});

async function onTheHost(...options: string[]): Promise<{ code: number; said: string; entries: Entry[] }> {
  const { host } = own.lab;
  const folder = "/root/live-run";
  await host.exec(["rm", "-rf", folder]);
  const verify = ["pullproof", "verify", "--host", "live", "--yes", "--run-dir", folder, ...options];
  const { exitCode, stdout, stderr } = await host.exec(verify);
  const evidence = await host.exec(["cat", `${folder}/evidence.jsonl`]);
  const { entries } = parseEvidence(evidence.stdout, true);
  return { code: exitCode, said: `${stdout}${stderr}`, entries };
}

describe("a live run on the host itself", () => {
  it("judges the host by its own witnesses", async () => {
    const { code, said, entries } = await onTheHost();
    console.log(said);
    const judgement = judge(entries);
    for (const c of judgement.claims) if (c.verdict !== "skipped") console.log(c.id, c.verdict, c.found);
    expect(code).toBe(0);
  }, 300_000);
});
