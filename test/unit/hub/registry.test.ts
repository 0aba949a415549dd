import { afterEach, beforeEach, expect, test } from "vitest";
import { indexType, manifestType, putImage, type TestImage } from "./images.ts";
import { alice, bob, LabHub } from "./lab-hub.ts";
import { digestOf } from "./registry-double.ts";

const budget = { limit: 2, windowSeconds: 21_600 };
let hub: LabHub;
let image: TestImage;
beforeEach(async () => {
  hub = await LabHub.start({ limits: { account: budget, anonymous: budget } });
  image = putImage(hub.upstream);
});
afterEach(() => hub.stop());

const repository = "library/fx";
const read = (reply: { body: Buffer }) => JSON.parse(reply.body.toString());

test("a manifest comes as upstream has it", async () => {
  const reply = await hub.pull(repository, "manifests/1", { headers: { accept: manifestType } });
  expect(reply.status).toBe(200);
  expect(reply.body).toEqual(image.manifest);
  expect(reply.headers).toMatchObject({
    "content-type": manifestType,
    "content-length": String(image.manifest.length),
    "docker-content-digest": image.digest,
    "docker-distribution-api-version": "registry/2.0",
  });
  expect(await hub.entries()).toMatchObject([
    {
      endpoint: "manifest",
      method: "GET",
      repository,
      reference: "1",
      digest: image.digest,
      status: 200,
      bytes: image.manifest.length,
      media: "manifest",
      complete: true,
      counted: true,
      fault: null,
    },
  ]);
});

test("the accepted types reach upstream; the client's token does not", async () => {
  const accept = `${manifestType}, ${indexType}`;
  await hub.pull(repository, "manifests/1", { headers: { accept } });
  expect(hub.upstream.requests[0]?.headers).toMatchObject({ accept });
  expect(hub.upstream.requests[0]?.headers).not.toHaveProperty("authorization");
});

test("HEAD describes a manifest without a body", async () => {
  const reply = await hub.pull(repository, "manifests/1", { method: "HEAD" });
  expect(reply.headers["content-length"]).toBe(String(image.manifest.length));
  expect(reply.headers["docker-content-digest"]).toBe(image.digest);
  expect(await hub.entries()).toMatchObject([
    { method: "HEAD", bytes: 0, counted: false, complete: true, media: "manifest", digest: image.digest },
  ]);
});

test("blobs are told apart by the manifests that passed", async () => {
  await hub.pull(repository, `blobs/${image.layer}`);
  await hub.pull(repository, `manifests/${image.digest}`);
  const layer = await hub.pull(repository, `blobs/${image.layer}`);
  await hub.pull(repository, `blobs/${image.config}`, { method: "HEAD" });
  expect(digestOf(layer.body)).toBe(image.layer);
  expect(await hub.entries()).toMatchObject([
    { endpoint: "blob", digest: image.layer, media: "unknown", bytes: image.layerBytes.length },
    { endpoint: "manifest", digest: image.digest, reference: image.digest },
    { endpoint: "blob", digest: image.layer, media: "layer", bytes: image.layerBytes.length, counted: false },
    { endpoint: "blob", method: "HEAD", digest: image.config, media: "config", bytes: 0 },
  ]);
});

test("an index is called one, and names its manifests", async () => {
  const index = {
    manifests: [{ digest: image.digest, mediaType: manifestType, size: image.manifest.length }],
  };
  hub.upstream.manifest(repository, "multi", indexType, Buffer.from(JSON.stringify(index)));
  await hub.pull(repository, "manifests/multi");
  await hub.pull(repository, `manifests/${image.digest}`);
  expect((await hub.entries()).map((entry) => entry.media)).toEqual(["index", "manifest"]);
});

test("a range of a blob passes through, and its bytes alone are counted", async () => {
  const reply = await hub.pull(repository, `blobs/${image.layer}`, { headers: { range: "bytes=150000-" } });
  expect(reply.status).toBe(206);
  expect(reply.headers["content-range"]).toBe(
    `bytes 150000-${image.layerBytes.length - 1}/${image.layerBytes.length}`,
  );
  expect(reply.body).toEqual(image.layerBytes.subarray(150_000));
  expect(await hub.entries()).toMatchObject([{ status: 206, bytes: image.layerBytes.length - 150_000 }]);
});

test("what upstream lacks is not found, and not counted", async () => {
  const missing = await hub.pull(repository, "manifests/none");
  expect(missing.status).toBe(404);
  expect(read(missing).errors[0].code).toBe("NAME_UNKNOWN");
  await hub.pull(repository, `blobs/${digestOf(Buffer.from("none"))}`);
  expect(await hub.entries()).toMatchObject([
    { endpoint: "manifest", status: 404, media: "none", counted: false, complete: true },
    { endpoint: "blob", status: 404, media: "none", complete: true },
  ]);
  const next = await hub.pull(repository, "manifests/1", { method: "HEAD" });
  expect(next.headers["ratelimit-remaining"]).toBe("2;w=21600");
});

test("tags are listed, with their page", async () => {
  hub.upstream.tags(repository, { name: repository, tags: ["1"] });
  expect(read(await hub.pull(repository, "tags/list?n=5"))).toEqual({ name: repository, tags: ["1"] });
  expect(hub.upstream.requests[0]?.url).toBe(`/v2/${repository}/tags/list?n=5`);
  expect(await hub.entries()).toMatchObject([{ endpoint: "other", repository, media: "none", status: 200 }]);
});

test("nothing else of the registry is served", async () => {
  const reply = await hub.pull(repository, `referrers/${image.digest}`);
  expect(reply.status).toBe(404);
  expect(hub.upstream.requests).toEqual([]);
});

test("GETs of manifests spend the budget, HEADs and blobs do not", async () => {
  const remaining = async (method: string) => {
    const reply = await hub.pull(repository, "manifests/1", { method });
    return reply.headers["ratelimit-remaining"];
  };
  expect(await remaining("HEAD")).toBe("2;w=21600");
  expect(await remaining("GET")).toBe("1;w=21600");
  await hub.pull(repository, `blobs/${image.layer}`);
  expect(await remaining("HEAD")).toBe("1;w=21600");
  expect(await remaining("GET")).toBe("0;w=21600");
});

test("a spent budget refuses GETs in Docker Hub's words, still answers HEADs, and is each account's own", async () => {
  for (let pull = 0; pull < budget.limit; pull++) await hub.pull(repository, "manifests/1");
  const refused = await hub.pull(repository, "manifests/1");
  expect(refused.status).toBe(429);
  expect(read(refused).errors[0].code).toBe("TOOMANYREQUESTS");
  expect(read(refused).errors[0].message).toMatch(/^You have reached your pull rate limit\./);
  const seconds = Number(refused.headers["retry-after"]);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(budget.windowSeconds);

  const head = await hub.pull(repository, "manifests/1", { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(head.headers["ratelimit-remaining"]).toBe("0;w=21600");
  expect((await hub.pull(repository, `blobs/${image.layer}`)).status).toBe(200);
  expect((await hub.pull(repository, "manifests/1", { account: bob })).status).toBe(200);
  expect((await hub.pull(repository, "manifests/1", { account: null })).status).toBe(200);
  expect((await hub.entries()).map((entry) => [entry.account, entry.status, entry.counted])).toEqual([
    ["alice", 200, true],
    ["alice", 200, true],
    ["alice", 429, false],
    ["alice", 200, false],
    ["alice", 200, false],
    ["bob", 200, true],
    [null, 200, true],
  ]);
});

test("budgets can be changed on the way", async () => {
  hub.front.setLimits({ account: { limit: 0, windowSeconds: 60 }, anonymous: null });
  const refused = await hub.pull(repository, "manifests/1");
  expect(refused.status).toBe(429);
  expect(refused.headers["ratelimit-limit"]).toBe("0;w=60");
  const unlimited = await hub.pull(repository, "manifests/1", { account: null });
  expect(unlimited.status).toBe(200);
  expect(unlimited.headers).not.toHaveProperty("ratelimit-limit");
});

test("the preview repository tells the limits for free, without upstream", async () => {
  const ask = (method: string) =>
    hub.pull("ratelimitpreview/test", "manifests/latest", { method, account: alice });
  for (let time = 0; time < budget.limit + 1; time++) {
    const reply = await ask("HEAD");
    expect(reply.status).toBe(200);
    expect(reply.headers).toMatchObject({
      "ratelimit-limit": "2;w=21600",
      "ratelimit-remaining": "2;w=21600",
    });
  }
  const got = await ask("GET");
  expect(digestOf(got.body)).toBe(got.headers["docker-content-digest"]);
  expect(got.headers["ratelimit-remaining"]).toBe("1;w=21600");
  expect(hub.upstream.requests).toEqual([]);
});
