import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FaultEffect } from "../../../src/hub/faults.ts";
import { putImage, type TestImage } from "./images.ts";
import { LabHub } from "./lab-hub.ts";
import { digestOf } from "./registry-double.ts";

const repository = "library/fx";
let hub: LabHub;
let image: TestImage;
beforeEach(async () => {
  hub = await LabHub.start();
  image = putImage(hub.upstream);
});
afterEach(() => hub.stop());

/** Sets one fault; only what matches `reference`, when it is given. */
function strike(effect: FaultEffect, reference?: string): void {
  hub.front.setFaults([
    { id: "the fault", repository, ...(reference !== undefined && { reference }), ...effect },
  ]);
}
const read = (reply: { body: Buffer }) => JSON.parse(reply.body.toString());
const faults = async () => (await hub.all()).map((entry) => entry.fault);

test("a status strikes the blob that it names, and no other", async () => {
  strike({ kind: "status", on: "blob", status: 500 }, image.layer);
  expect((await hub.pull(repository, `blobs/${image.layer}`)).status).toBe(500);
  expect((await hub.pull(repository, `blobs/${image.layer}`, { method: "HEAD" })).status).toBe(500);
  expect((await hub.pull(repository, `blobs/${image.config}`)).status).toBe(200);
  expect((await hub.pull(repository, "manifests/1")).status).toBe(200);
  expect(await hub.entries()).toMatchObject([
    { status: 500, fault: "the fault", media: "none", digest: image.layer },
    { status: 500, fault: "the fault" },
    { status: 200, fault: null },
    { status: 200, fault: null },
  ]);
});

test("a status on manifests strikes all of the repository's, and no other repository", async () => {
  const other = putImage(hub.upstream, "library/other");
  strike({ kind: "status", on: "manifest", status: 503 });
  expect((await hub.pull(repository, "manifests/1")).status).toBe(503);
  expect((await hub.pull(repository, `manifests/${image.digest}`, { method: "HEAD" })).status).toBe(503);
  expect((await hub.pull(other.repository, "manifests/1")).status).toBe(200);
  expect((await hub.entries()).map((entry) => entry.counted)).toEqual([false, false, true]);
});

test("a status on tokens strikes requests for the repository", async () => {
  strike({ kind: "status", on: "token", status: 500 });
  const ask = (name: string) => hub.ask(`/token?scope=repository:${name}:pull`, { host: "auth.docker.io" });
  expect((await ask(repository)).status).toBe(500);
  expect((await ask("library/other")).status).toBe(200);
  expect(await faults()).toEqual(["the fault", null]);
});

test("truncate cuts the connection after so many bytes", async () => {
  strike({ kind: "truncate", on: "blob", bytes: 100_001 }, image.layer);
  const reply = await hub.pull(repository, `blobs/${image.layer}`);
  expect(reply.status).toBe(200);
  expect(reply.headers["content-length"]).toBe(String(image.layerBytes.length));
  expect(reply.whole).toBe(false);
  expect(reply.body).toEqual(image.layerBytes.subarray(0, 100_001));
  expect(await hub.entries()).toMatchObject([
    { status: 200, bytes: 100_001, complete: false, fault: "the fault" },
  ]);
});

test("truncate at nothing sends the headers alone", async () => {
  strike({ kind: "truncate", on: "manifest", bytes: 0 });
  const reply = await hub.pull(repository, "manifests/1");
  expect(reply).toMatchObject({ status: 200, whole: false });
  expect(reply.body.length).toBe(0);
});

test("truncate leaves a shorter body alone, and says so", async () => {
  strike({ kind: "truncate", on: "blob", bytes: image.layerBytes.length });
  const reply = await hub.pull(repository, `blobs/${image.layer}`);
  expect(reply.whole).toBe(true);
  expect(await hub.entries()).toMatchObject([{ complete: true, fault: null }]);
});

test("corrupt sends other bytes, as many, under the same name", async () => {
  strike({ kind: "corrupt", on: "blob" }, image.layer);
  const reply = await hub.pull(repository, `blobs/${image.layer}`);
  expect(reply.whole).toBe(true);
  expect(reply.body.length).toBe(image.layerBytes.length);
  expect(digestOf(reply.body)).not.toBe(image.layer);
  const tail = await hub.pull(repository, `blobs/${image.layer}`, { headers: { range: "bytes=150000-" } });
  expect(tail.body).toEqual(reply.body.subarray(150_000));
  expect(await hub.entries()).toMatchObject([
    { complete: true, fault: "the fault", bytes: image.layerBytes.length },
    { status: 206, fault: "the fault" },
  ]);
});

test("a corrupt manifest does not mislead the ledger about blobs", async () => {
  strike({ kind: "corrupt", on: "manifest" });
  const reply = await hub.pull(repository, "manifests/1");
  expect(reply.headers["docker-content-digest"]).toBe(image.digest);
  expect(digestOf(reply.body)).not.toBe(image.digest);
  await hub.pull(repository, `blobs/${image.layer}`);
  expect((await hub.entries())[1]).toMatchObject({ media: "layer" });
});

test("a vanished tag is unknown, by HEAD too; its digest still resolves", async () => {
  putImage(hub.upstream, repository, "2");
  strike({ kind: "vanished" }, "1");
  const gone = await hub.pull(repository, "manifests/1");
  expect(gone.status).toBe(404);
  expect(read(gone).errors[0].code).toBe("MANIFEST_UNKNOWN");
  expect((await hub.pull(repository, "manifests/1", { method: "HEAD" })).status).toBe(404);
  expect((await hub.pull(repository, `manifests/${image.digest}`)).status).toBe(200);
  expect((await hub.pull(repository, "manifests/2")).status).toBe(200);
  expect((await hub.entries()).map((entry) => entry.fault)).toEqual(["the fault", "the fault", null, null]);
});

test("without a reference every tag vanishes, and no digest", async () => {
  strike({ kind: "vanished" });
  expect((await hub.pull(repository, "manifests/1")).status).toBe(404);
  expect((await hub.pull(repository, `manifests/${image.digest}`)).status).toBe(200);
});

test("toomanyrequests refuses manifests as a spent budget does", async () => {
  hub.front.setLimits({ account: { limit: 5, windowSeconds: 60 }, anonymous: null });
  strike({ kind: "toomanyrequests" });
  const refused = await hub.pull(repository, "manifests/1");
  expect(refused.status).toBe(429);
  expect(read(refused).errors[0].code).toBe("TOOMANYREQUESTS");
  expect(refused.headers).toMatchObject({ "ratelimit-limit": "5;w=60", "ratelimit-remaining": "5;w=60" });
  expect((await hub.pull(repository, "manifests/1", { method: "HEAD" })).status).toBe(200);
  expect((await hub.entries()).map((entry) => [entry.fault, entry.counted])).toEqual([
    ["the fault", false],
    [null, false],
  ]);
});

test("without a repository a fault strikes them all", async () => {
  const other = putImage(hub.upstream, "library/other");
  hub.front.setFaults([{ id: "everywhere", kind: "status", on: "manifest", status: 429 }]);
  expect((await hub.pull(repository, "manifests/1", { method: "HEAD" })).status).toBe(429);
  expect((await hub.pull(other.repository, "manifests/1")).status).toBe(429);
  expect((await hub.pull(other.repository, `blobs/${other.layer}`)).status).toBe(200);
});

test("a hub that is down answers nothing, says so in the ledger, and comes back", async () => {
  const token = await hub.token(repository);
  const ask = (path: string, host?: string) =>
    hub.ask(path, { ...(host && { host }), headers: { authorization: `Bearer ${token}` } });
  hub.front.setFaults([{ id: "outage", kind: "down" }]);
  await expect(ask("/v2/")).rejects.toThrow();
  await expect(ask(`/v2/${repository}/manifests/1`)).rejects.toThrow();
  await expect(ask(`/token?scope=repository:${repository}:pull`, "auth.docker.io")).rejects.toThrow();
  hub.front.setFaults([]);
  expect((await ask(`/v2/${repository}/manifests/1`)).status).toBe(200);
  const [, ...entries] = await hub.all();
  expect(
    entries.map(({ endpoint, status, bytes, complete, counted, fault }) => [
      endpoint,
      status,
      bytes > 0,
      complete,
      counted,
      fault,
    ]),
  ).toEqual([
    ["ping", 0, false, false, false, "outage"],
    ["manifest", 0, false, false, false, "outage"],
    ["token", 0, false, false, false, "outage"],
    ["manifest", 200, true, true, true, null],
  ]);
});

test("what is on its way when the hub goes down comes to its end", async () => {
  hub.front.setBandwidth(1_000_000);
  const reply = hub.pull(repository, `blobs/${image.layer}`);
  await vi.waitUntil(() => hub.front.underway().some(({ bytes }) => bytes > 0));
  hub.front.setFaults([{ id: "outage", kind: "down" }]);
  hub.front.setBandwidth(null);
  expect((await reply).body).toEqual(image.layerBytes);
});

test("a fault of bodies passes HEADs by, for the next fault to strike", async () => {
  hub.front.setFaults([
    { id: "body", kind: "corrupt", on: "blob", repository },
    { id: "any", kind: "status", on: "blob", status: 502, repository },
  ]);
  await hub.pull(repository, `blobs/${image.layer}`, { method: "HEAD" });
  await hub.pull(repository, `blobs/${image.layer}`);
  expect((await hub.entries()).map((entry) => entry.fault)).toEqual(["any", "body"]);
});

test("the first fault that fits strikes, and faults can be lifted", async () => {
  hub.front.setFaults([
    { id: "elsewhere", kind: "status", on: "blob", status: 500, repository: "library/other" },
    { id: "first", kind: "status", on: "blob", status: 502, repository },
    { id: "second", kind: "status", on: "blob", status: 503, repository },
  ]);
  expect((await hub.pull(repository, `blobs/${image.layer}`)).status).toBe(502);
  hub.front.setFaults([]);
  expect((await hub.pull(repository, `blobs/${image.layer}`)).status).toBe(200);
  expect((await hub.entries()).map((entry) => entry.fault)).toEqual(["first", null]);
});
