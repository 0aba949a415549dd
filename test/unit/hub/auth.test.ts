import { afterEach, beforeEach, expect, test } from "vitest";
import { manifestType, putImage } from "./images.ts";
import { alice, basic, LabHub, type Reply } from "./lab-hub.ts";
import { ManualClock } from "./manual-clock.ts";

let hub: LabHub;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock();
  hub = await LabHub.start({}, clock);
  putImage(hub.upstream);
});
afterEach(() => hub.stop());

const scope = "repository:library/fx:pull";
const read = (reply: Reply) => JSON.parse(reply.body.toString());
const get = (query = "", headers: Record<string, string> = {}) =>
  hub.ask(`/token?service=registry.docker.io&${query}`, { host: "auth.docker.io", headers });
const post = (form: Record<string, string>) =>
  hub.ask("/token", {
    host: "auth.docker.io",
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });
const manifest = (token?: string) =>
  hub.ask("/v2/library/fx/manifests/1", {
    headers: { accept: manifestType, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });

test("a ping without a token is challenged, without a scope", async () => {
  const reply = await hub.ask("/v2/");
  expect(reply.status).toBe(401);
  expect(reply.headers["www-authenticate"]).toBe(
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
  );
  expect(reply.headers["docker-distribution-api-version"]).toBe("registry/2.0");
  expect(read(reply).errors[0].code).toBe("UNAUTHORIZED");
});

test("a manifest without a token is challenged for its repository, and upstream is not asked", async () => {
  const reply = await manifest();
  expect(reply.status).toBe(401);
  expect(reply.headers["www-authenticate"]).toBe(
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/fx:pull"',
  );
  expect(hub.upstream.requests).toEqual([]);
  expect(await hub.all()).toMatchObject([
    {
      endpoint: "manifest",
      repository: "library/fx",
      status: 401,
      credentials: "none",
      account: null,
      media: "none",
    },
  ]);
});

test("GET with HTTP Basic gives a token of the account", async () => {
  const reply = await get(`scope=${scope}`, { authorization: basic(alice) });
  const answer = read(reply);
  expect(reply.status).toBe(200);
  expect(answer).toMatchObject({ access_token: answer.token, scope });
  expect(answer.expires_in).toBeGreaterThanOrEqual(60);
  expect(new Date(answer.issued_at).toISOString()).toBe(answer.issued_at);
  expect((await manifest(answer.token)).status).toBe(200);
  expect(await hub.all()).toMatchObject([
    { endpoint: "token", account: "alice", credentials: "basic", repository: "library/fx", media: "token" },
    { endpoint: "manifest", account: "alice", credentials: "bearer" },
  ]);
});

test("GET without credentials gives an anonymous token", async () => {
  const { token } = read(await get(`scope=${scope}`));
  expect((await manifest(token)).status).toBe(200);
  expect(await hub.all()).toMatchObject([
    { endpoint: "token", account: null, credentials: "none", status: 200 },
    { endpoint: "manifest", account: null, credentials: "bearer", status: 200 },
  ]);
});

test("POST with the password form gives a token of the account", async () => {
  const reply = await post({ grant_type: "password", username: alice.name, password: alice.pat, scope });
  const answer = read(reply);
  expect(answer.refresh_token).toBeUndefined();
  expect((await manifest(answer.access_token)).status).toBe(200);
  expect(await hub.all()).toMatchObject([
    { endpoint: "token", method: "POST", account: "alice", credentials: "oauth", repository: "library/fx" },
    { endpoint: "manifest", account: "alice" },
  ]);
});

test("POST for offline access gives a refresh token that gives access tokens", async () => {
  const form = { grant_type: "password", username: alice.name, password: alice.pat, access_type: "offline" };
  const { refresh_token } = read(await post(form));
  const { access_token } = read(await post({ grant_type: "refresh_token", refresh_token, scope }));
  expect((await manifest(access_token)).status).toBe(200);
  expect((await hub.all()).map((entry) => entry.account)).toEqual(["alice", "alice", "alice"]);
  expect((await post({ grant_type: "refresh_token", refresh_token: "made up", scope })).status).toBe(401);
});

test("login asks for no scope: its token opens the ping and no repository", async () => {
  const { token } = read(await get("account=alice&offline_token=true", { authorization: basic(alice) }));
  const ping = await hub.ask("/v2/", { headers: { authorization: `Bearer ${token}` } });
  expect(ping.status).toBe(200);
  const reply = await manifest(token);
  expect(reply.status).toBe(401);
  expect(reply.headers["www-authenticate"]).toContain('error="insufficient_scope"');
});

test.each([
  [
    "a wrong password",
    () => get(`scope=${scope}`, { authorization: basic({ name: "alice", pat: "guess" }) }),
  ],
  ["an unknown account", () => get("", { authorization: basic({ name: "eve", pat: alice.pat }) })],
  ["malformed credentials", () => get("", { authorization: "Basic !" })],
  [
    "a wrong password in a form",
    () => post({ grant_type: "password", username: "alice", password: "guess" }),
  ],
  ["a form without a password", () => post({ grant_type: "password" })],
])("%s is refused in Docker Hub's words, and never taken for anonymous", async (_, ask) => {
  const reply = await ask();
  expect(reply.status).toBe(401);
  expect(read(reply)).toEqual({ details: "incorrect username or password" });
  const [entry] = await hub.all();
  expect(entry).toMatchObject({ status: 401, account: null, media: "none" });
  expect(entry?.credentials).not.toBe("none");
});

test("a grant type that is not served is said to be so", async () => {
  const reply = await post({ grant_type: "authorization_code" });
  expect(reply.status).toBe(400);
  expect(read(reply)).toEqual({ error: "unsupported_grant_type" });
});

test("a form of absurd size is refused", async () => {
  const reply = await post({ grant_type: "password", username: alice.name, password: "x".repeat(1_000_000) });
  expect(reply.status).toBe(413);
});

test("a token is refused once its lifetime is over", async () => {
  const { token, expires_in } = read(await get(`scope=${scope}`, { authorization: basic(alice) }));
  clock.advance(expires_in * 1000 - 1);
  expect((await manifest(token)).status).toBe(200);
  clock.advance(1);
  const reply = await manifest(token);
  expect(reply.status).toBe(401);
  expect(reply.headers["www-authenticate"]).toContain('error="invalid_token"');
});

test("a made-up token, and HTTP Basic on the registry itself, are challenged", async () => {
  expect((await manifest("made up")).status).toBe(401);
  const reply = await hub.ask("/v2/", { headers: { authorization: basic(alice) } });
  expect(reply.status).toBe(401);
});

test("several scopes are granted, pull only", async () => {
  const both = `${scope},push repository:library/other:push`;
  expect(read(await get(`scope=${encodeURIComponent(both)}`)).scope).toBe(scope);
  const two = read(await get(`scope=${scope}&scope=repository:library/other:pull`));
  expect(two.scope.split(" ")).toEqual([scope, "repository:library/other:pull"]);
});

test("a push is challenged, and refused even with a token", async () => {
  const path = "/v2/library/fx/blobs/uploads/";
  expect((await hub.ask(path, { method: "POST" })).status).toBe(401);
  const reply = await hub.pull("library/fx", "blobs/uploads/", { method: "POST", body: "bytes" });
  expect(reply.status).toBe(405);
  expect(read(reply).errors[0].code).toBe("UNSUPPORTED");
  expect(hub.upstream.requests).toEqual([]);
});

test("where anonymous access is refused, no token is given without credentials", async () => {
  const strict = await LabHub.start({ anonymous: "refused" });
  try {
    const reply = await strict.ask(`/token?scope=${scope}`, { host: "auth.docker.io" });
    expect(reply.status).toBe(401);
    expect(read(reply)).toHaveProperty("details");
    expect(await strict.token("library/fx", alice)).toEqual(expect.any(String));
  } finally {
    await strict.stop();
  }
});

test("each name serves its own: tokens one, the registry two, the rest nothing", async () => {
  const status = async (host: string, path: string) => (await hub.ask(path, { host })).status;
  expect(await status("index.docker.io", "/v2/")).toBe(401);
  expect(await status("registry-1.docker.io", "/token")).toBe(404);
  expect(await status("auth.docker.io", "/v2/")).toBe(404);
  expect(await status("docker.io", "/v2/")).toBe(404);
  const stranger = await hub.ask("/v2/", { headers: { host: "example.org" } });
  expect(stranger.status).toBe(421);
  expect((await hub.all()).length).toBe(5);
});

test("no secret gets into the ledger", async () => {
  const { token, refresh_token } = read(
    await post({
      grant_type: "password",
      username: "alice",
      password: alice.pat,
      access_type: "offline",
      scope,
    }),
  );
  await get(`scope=${scope}`, { authorization: basic(alice) });
  await manifest(token);
  const written = JSON.stringify(await hub.all());
  for (const secret of [alice.pat, token, refresh_token, basic(alice).slice(6)])
    expect(written).not.toContain(secret);
});
