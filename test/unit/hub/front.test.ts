import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createCertificates } from "../../../src/hub/certificates.ts";
import { startFront } from "../../../src/hub/front.ts";
import { Failure } from "../../../src/model/failure.ts";
import { indexType, putImage, type TestImage } from "./images.ts";
import { LabHub } from "./lab-hub.ts";
import { ManualClock } from "./manual-clock.ts";

const repository = "library/fx";
let hub: LabHub;
let image: TestImage;
beforeEach(async () => {
  hub = await LabHub.start();
  image = putImage(hub.upstream);
});
afterEach(() => hub.stop());

const layerPath = () => `/v2/${repository}/blobs/${image.layer}`;

test("every request has one entry: number, times, user agent", async () => {
  const before = performance.now();
  await hub.ask("/v2/", { headers: { "user-agent": "docker/28.5.2" } });
  await hub.ask("/nowhere");
  const entries = await hub.all();
  expect(entries.map((entry) => [entry.n, entry.status, entry.userAgent])).toEqual([
    [1, 401, "docker/28.5.2"],
    [2, 404, ""],
  ]);
  for (const { start, end, wall } of entries) {
    expect(start).toBeGreaterThanOrEqual(before);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(end).toBeLessThanOrEqual(performance.now());
    expect(new Date(wall).toISOString()).toBe(wall);
  }
});

test("an error's body is counted as well", async () => {
  const reply = await hub.ask("/v2/");
  expect(await hub.all()).toMatchObject([{ bytes: reply.body.length, complete: true }]);
});

test("idle waits for the request in flight, whose entry is then there", async () => {
  const stalled = hub.upstream.stall(layerPath(), "before headers");
  const token = await hub.token(repository);
  await hub.front.idle();
  const gone = new AbortController();
  const asked = hub.ask(layerPath(), { headers: { authorization: `Bearer ${token}` }, signal: gone.signal });
  asked.catch(() => {});
  await stalled.reached;
  let idle = false;
  const waiting = hub.front.idle().then(() => {
    idle = true;
  });
  await turn();
  expect(idle).toBe(false);
  gone.abort();
  await waiting;
  expect(hub.front.ledger.length).toBe(2);
});

test("underway tells of requests that are not answered in full, with the bytes that were sent so far", async () => {
  const stalled = hub.upstream.stall(layerPath(), "mid body");
  const gone = new AbortController();
  const asked = hub.pull(repository, `blobs/${image.layer}`, { signal: gone.signal });
  await stalled.reached;
  await vi.waitFor(() =>
    expect(hub.front.underway()).toMatchObject([
      { endpoint: "blob", repository, digest: image.layer, bytes: image.layerBytes.length / 2 },
    ]),
  );
  expect(hub.front.ledger.since(0).map(({ endpoint }) => endpoint)).toEqual(["token"]);
  gone.abort();
  await Promise.allSettled([asked]);
  await hub.front.idle();
  expect(hub.front.underway()).toEqual([]);
  expect(await hub.entries()).toMatchObject([{ endpoint: "blob", complete: false }]);
});

test("a client that leaves before the answer is noted, and upstream is let go", async () => {
  const stalled = hub.upstream.stall(layerPath(), "before headers");
  const gone = new AbortController();
  const asked = hub.pull(repository, `blobs/${image.layer}`, { signal: gone.signal });
  await stalled.reached;
  gone.abort();
  await expect(asked).rejects.toThrow();
  await stalled.closed;
  expect(await hub.entries()).toMatchObject([{ endpoint: "blob", status: 0, bytes: 0, complete: false }]);
});

test("a client that leaves mid-body is noted with the bytes it was given, and upstream is let go", async () => {
  const stalled = hub.upstream.stall(layerPath(), "mid body");
  const token = await hub.token(repository);
  const { socketPath, certificates } = hub;
  const sent = request({
    socketPath,
    path: layerPath(),
    ca: certificates.ca,
    servername: "registry-1.docker.io",
    headers: { host: "registry-1.docker.io", authorization: `Bearer ${token}` },
  });
  sent.end();
  const [response] = await once(sent, "response");
  await once(response, "data");
  response.on("error", () => {});
  sent.destroy();
  await stalled.closed;
  const [entry] = await hub.entries();
  expect(entry).toMatchObject({ status: 200, complete: false });
  expect(entry?.bytes).toBeGreaterThan(0);
  expect(entry?.bytes).toBeLessThanOrEqual(image.layerBytes.length / 2);
});

test("a client that stops reading and then leaves is noted, and upstream is let go", async () => {
  const large = putImage(hub.upstream, "library/large", "1", 32 * 1024 * 1024);
  const token = await hub.token(large.repository);
  const { socketPath, certificates } = hub;
  const sent = request({
    socketPath,
    path: `/v2/${large.repository}/blobs/${large.layer}`,
    ca: certificates.ca,
    servername: "registry-1.docker.io",
    headers: { host: "registry-1.docker.io", authorization: `Bearer ${token}` },
  }).end();
  const [response] = await once(sent, "response");
  response.on("error", () => {});
  // Nobody reads: the front fills the connection's buffers and waits.
  sent.destroy();
  const [entry] = await hub.entries();
  expect(entry).toMatchObject({ status: 200, complete: false });
  expect(entry?.bytes).toBeLessThan(large.layerBytes.length);
});

test("an upstream that dies mid-body ends the response early", async () => {
  const stalled = hub.upstream.stall(layerPath(), "mid body");
  const asked = hub.pull(repository, `blobs/${image.layer}`);
  await stalled.reached;
  await hub.upstream.close();
  expect((await asked).whole).toBe(false);
  expect(await hub.entries()).toMatchObject([{ status: 200, complete: false }]);
});

test("without upstream a pull fails with a reason, and has its entry", async () => {
  await hub.upstream.close();
  const reply = await hub.pull(repository, "manifests/1");
  expect(reply.status).toBe(500);
  expect(reply.body.toString()).toContain("the hub failed");
  expect(await hub.entries()).toMatchObject([
    { endpoint: "manifest", status: 500, media: "none", counted: false, complete: true },
  ]);
});

test("a manifest beyond 4 MiB is not passed on, and not counted", async () => {
  hub.upstream.manifest(repository, "huge", indexType, Buffer.alloc(4 * 1024 * 1024 + 1, " "));
  hub.upstream.manifest(repository, "large", indexType, Buffer.alloc(4 * 1024 * 1024, " "));
  expect((await hub.pull(repository, "manifests/huge")).status).toBe(500);
  expect((await hub.pull(repository, "manifests/large")).status).toBe(200);
  expect((await hub.entries()).map((entry) => [entry.status, entry.counted, entry.media])).toEqual([
    [500, false, "none"],
    [200, true, "index"],
  ]);
});

test("the shaped line carries every body at the set rate, several connections together", async () => {
  const clock = new ManualClock();
  const shaped = await LabHub.start({ bytesPerSecond: 100_000 }, clock);
  onTestFinished(() => shaped.stop());
  const one = putImage(shaped.upstream, "library/one", "1", 500_000);
  const two = putImage(shaped.upstream, "library/two", "1", 500_000);
  const replies = await Promise.all([
    shaped.pull(one.repository, `blobs/${one.layer}`),
    shaped.pull(two.repository, `blobs/${two.layer}`),
  ]);
  expect(replies.map((reply) => reply.body.length)).toEqual([500_000, 500_000]);
  const carried = (await shaped.all()).reduce((sum, entry) => sum + entry.bytes, 0);
  expect(clock.now() / 1000 / (carried / 100_000)).toBeGreaterThan(0.9);
  expect(clock.now() / 1000 / (carried / 100_000)).toBeLessThan(1.1);

  shaped.front.setBandwidth(null);
  const waits = clock.waits.length;
  await shaped.pull(one.repository, `blobs/${one.layer}`);
  expect(clock.waits.length).toBe(waits);
});

test("close ends promptly with idle, stalled and unfinished connections, and removes the socket", async () => {
  const own = await LabHub.start();
  onTestFinished(() => own.stop());
  const stuck = putImage(own.upstream, repository, "1");
  const stalled = own.upstream.stall(`/v2/${repository}/blobs/${stuck.layer}`, "mid body");
  const agent = new Agent({ keepAlive: true });
  const { socketPath, certificates } = own;
  const idle = request({
    agent,
    socketPath,
    path: "/v2/",
    ca: certificates.ca,
    servername: "docker.io",
    headers: { host: "docker.io" },
  }).end();
  const [response] = await once(idle, "response");
  response.resume();
  await once(response, "end");
  const mute = connect(socketPath);
  await once(mute, "connect");
  // Whether its headers were out yet is chance, so this one may end in a short reply or in none.
  own.pull(repository, `blobs/${stuck.layer}`).catch(() => {});
  await stalled.reached;

  await own.front.close();
  expect(existsSync(socketPath)).toBe(false);
  await stalled.closed;
  const last = own.front.ledger.since(0).at(-1);
  expect(last).toMatchObject({ endpoint: "blob", complete: false });
  agent.destroy();
});

test("a stale socket file does not stop the start; a second close is harmless", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hub-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const socketPath = join(folder, "front.sock");
  await writeFile(socketPath, "");
  const front = await start(socketPath);
  await Promise.all([front.close(), front.close()]);
  expect(existsSync(socketPath)).toBe(false);
});

test("a socket that cannot be made is a failure that names it", async () => {
  const socketPath = join(tmpdir(), "no such folder", "front.sock");
  const failure = await start(socketPath).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect((failure as Failure).seen).toContain(socketPath);
});

test("a front that is started again goes on with numbers, entries and budgets", async () => {
  const budget = { limit: 5, windowSeconds: 21_600 };
  const own = await LabHub.start({ limits: { account: budget, anonymous: null } });
  onTestFinished(() => own.stop());
  putImage(own.upstream);
  const remaining = async () =>
    (await own.pull(repository, "manifests/1", { method: "HEAD" })).headers["ratelimit-remaining"];
  await own.pull(repository, "manifests/1");
  await own.pull(repository, "manifests/1");
  const [before, spent] = [await own.all(), await remaining()];
  expect(spent).toBe("3;w=21600");
  await own.restart();
  expect(await remaining()).toBe(spent);
  const after = await own.all();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.map(({ n }) => n)).toEqual(after.map((_, index) => index + 1));
  expect(own.front.ledger.lost).toEqual([]);
});

async function start(socketPath: string) {
  return startFront({
    socketPath,
    upstreamSocketPath: `${socketPath}.upstream`,
    tls: await createCertificates(),
    settings: {
      accounts: [],
      anonymous: "allowed",
      limits: { account: null, anonymous: null },
      bytesPerSecond: null,
    },
  });
}

test("clients that close their connections in the middle of a body are all in the ledger", async () => {
  const large = putImage(hub.upstream, "library/large", "1", 8 * 1024 * 1024);
  const token = await hub.token(large.repository);
  const clients = 20;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = connect({ path: hub.socketPath });
      const secure = tlsConnect({ socket, ca: hub.certificates.ca, servername: "registry-1.docker.io" });
      secure.write(
        `GET /v2/${large.repository}/blobs/${large.layer} HTTP/1.1\r\nhost: registry-1.docker.io\r\nauthorization: Bearer ${token}\r\n\r\n`,
      );
      await once(secure, "readable");
      // An engine that finds one layer broken closes the others' connections like this: in order, with data unread.
      secure.end();
    }),
  );
  const entries = await hub.entries();
  expect(entries.map(({ complete }) => complete)).toEqual(Array.from({ length: clients }, () => false));
});
