import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRecord } from "../../src/policy/record.ts";
import { until } from "../../src/until.ts";
import { startTestLab, type TestLab } from "./lab.ts";

let stage: TestLab;
let image: string;

const record = async () => {
  const { stdout } = await stage.lab.host.exec(["cat", "/var/lib/pullproof/state.json"]);
  return parseRecord(stdout);
};
const use = async () => (await record()).images[image];
const sh = async (script: string) => {
  const { exitCode, stdout, stderr } = await stage.lab.host.exec(["sh", "-euc", script]);
  expect([exitCode, stderr]).toEqual([0, expect.anything()]);
  return stdout.trim();
};

beforeAll(async () => {
  stage = await startTestLab("graphdriver");
  await stage.lab.hub.publish("worker", { repository: "pullproof/worker", tag: "1.0.0", variant: "a" });
  await sh("docker pull --quiet pullproof/worker:1.0.0");
  image = await sh("docker inspect --format '{{.Id}}' pullproof/worker:1.0.0");
  await sh("pullproof watch > /tmp/watch.log 2>&1 & echo $! > /tmp/watch.pid");
  await until("the watcher knows the image", 30_000, async () => {
    const { stdout } = await stage.lab.host.exec(["cat", "/var/lib/pullproof/state.json"]);
    return stdout.includes(image) ? true : "no record";
  });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

test("a container that comes and goes between two scans counts as a use, and a restart of the watcher is no gap", async () => {
  const before = await use();
  await sh("docker run --rm --network none pullproof/worker:1.0.0 true");
  const used = Date.now();
  await sh("kill $(cat /tmp/watch.pid)");
  await until("the watcher has ended", 30_000, async () => {
    const { exitCode } = await stage.lab.host.exec(["sh", "-c", "kill -0 $(cat /tmp/watch.pid)"]);
    return exitCode !== 0 ? true : "it runs";
  });
  const after = await use();
  expect(after?.lastUse).toBeGreaterThan(before?.lastUse ?? Number.POSITIVE_INFINITY);
  expect(after?.lastUse).toBeLessThanOrEqual(used);
  const { since } = await record();
  await sh("docker run --rm --network none pullproof/worker:1.0.0 true");
  await sh("pullproof watch --once");
  expect((await record()).since).toBe(since);
  expect((await use())?.lastUse).toBeGreaterThan(after?.lastUse ?? Number.POSITIVE_INFINITY);
});

test("a restart of the engine is a gap: every age counts from then", async () => {
  const { until: known } = await record();
  await stage.lab.host.restart("restart");
  await sh("pullproof watch --once");
  expect((await record()).since).toBeGreaterThan(known);
});
