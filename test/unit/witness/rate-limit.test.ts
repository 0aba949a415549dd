import { describe, expect, it } from "vitest";
import { witnessAgent } from "../../../src/check/history.ts";
import { askHub, rateLimit } from "../../../src/witness/rate-limit.ts";
import { type HubAnswers, hubHeaders, hubMock } from "../../support/hub-mock.ts";

const account = { name: "keeper", pat: "a-very-secret-token" };
const nothing = { limit: null, remaining: null, windowSeconds: null, source: null };

const read = (answers: HubAnswers, identity: "account" | "anonymous" = "account") =>
  rateLimit({ dispatcher: hubMock(answers).dispatcher, account }, identity);

describe("rateLimit", () => {
  it("reads what Docker Hub says", async () => {
    expect(await read({})).toEqual({
      identity: "account",
      limit: 200,
      remaining: 76,
      windowSeconds: 21_600,
      source: "0a1b2c3d",
    });
  });

  it("takes a spent budget for 0, which is not unknown", async () => {
    const headers = { ...hubHeaders, "ratelimit-remaining": "0;w=21600" };
    expect(await read({ manifest: { status: 429, headers } })).toMatchObject({ remaining: 0, limit: 200 });
  });

  it("does not spend what it measures: a HEAD, marked as pullproof's own", async () => {
    const { dispatcher, asked } = hubMock({});
    await rateLimit({ dispatcher, account }, "account");
    expect(asked.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
    for (const { headers } of asked) expect(headers["user-agent"]).toBe(witnessAgent);
    expect(asked[1]?.headers.authorization).toBe("Bearer the-token");
  });

  it("identifies itself as the account for the account's counter, and not at all for the other", async () => {
    const { dispatcher, asked } = hubMock({});
    await rateLimit({ dispatcher, account }, "account");
    const basic = asked[0]?.headers.authorization?.replace("Basic ", "") ?? "";
    expect(Buffer.from(basic, "base64").toString()).toBe(`${account.name}:${account.pat}`);
    const other = hubMock({});
    const found = await rateLimit({ dispatcher: other.dispatcher, account }, "anonymous");
    expect(other.asked[0]?.headers).not.toHaveProperty("authorization");
    expect(found.identity).toBe("anonymous");
  });

  it.each<[string, HubAnswers, object]>([
    ["no header at all", { manifest: { status: 200, headers: {} } }, nothing],
    ["a refused manifest", { manifest: { status: 401, headers: {} } }, nothing],
    ["a refused token", { token: { status: 401, body: { details: "no" } } }, nothing],
    [
      "no remaining",
      { manifest: { status: 200, headers: { "ratelimit-limit": "200;w=21600" } } },
      { ...nothing, limit: 200, windowSeconds: 21_600 },
    ],
    [
      "no limit",
      { manifest: { status: 200, headers: { "ratelimit-remaining": "7" } } },
      { ...nothing, remaining: 7 },
    ],
    [
      "no window",
      { manifest: { status: 200, headers: { "ratelimit-limit": "200" } } },
      { ...nothing, limit: 200 },
    ],
    [
      "words for numbers",
      { manifest: { status: 200, headers: { "ratelimit-limit": "unlimited", "ratelimit-remaining": "" } } },
      nothing,
    ],
    [
      "a form that nobody documents",
      { manifest: { status: 200, headers: { "ratelimit-remaining": "7;burst=9;w=1" } } },
      nothing,
    ],
  ])("calls unknown what it is not told: %s", async (_, answers, expected) => {
    expect(await read(answers)).toEqual({ identity: "account", ...expected });
  });

  it.each<[string, HubAnswers]>([
    ["says what is no JSON", { token: { status: 200, body: "<html>" } }],
    ["gives no token", { token: { status: 200, body: { access: 1 } } }],
  ])("fails, so that a gap shows, when the token server %s", async (_, answers) => {
    await expect(read(answers)).rejects.toThrow();
  });

  it("says nothing of the token in what it throws", async () => {
    const thrown: unknown = await read({ token: { status: 200, body: "<html>" } }).catch((error) => error);
    expect(String(thrown)).not.toContain(account.pat);
  });
});

describe("askHub", () => {
  const ask = (answers: HubAnswers) =>
    askHub({ dispatcher: hubMock(answers).dispatcher, account }, "account");

  it("tells Docker Hub's clock, and when it may be asked again", async () => {
    const headers = { ...hubHeaders, date: "Mon, 23 Nov 2026 20:00:07 GMT", "retry-after": "90" };
    expect(await ask({ manifest: { status: 429, headers } })).toMatchObject({
      tokenStatus: 200,
      manifestStatus: 429,
      date: Date.UTC(2026, 10, 23, 20, 0, 7),
      retryAfterSeconds: 90,
      limits: { remaining: 76 },
    });
  });

  it("tells what the token endpoint said where it gave no token, and asks no further", async () => {
    const { dispatcher, asked } = hubMock({
      token: { status: 401, body: "<html>", headers: { date: "Mon, 23 Nov 2026 20:00:07 GMT" } },
    });
    expect(await askHub({ dispatcher, account }, "account")).toMatchObject({
      tokenStatus: 401,
      manifestStatus: null,
      date: Date.UTC(2026, 10, 23, 20, 0, 7),
    });
    expect(asked).toHaveLength(1);
  });

  it.each(["soon", "", "Mon, 23 Nov 2026 20:00:07 GMT"])(
    "calls unknown what it cannot read: retry-after %j",
    async (retryAfter) => {
      const headers = { "retry-after": retryAfter, date: "yesterday" };
      expect(await ask({ manifest: { status: 200, headers } })).toMatchObject({
        date: null,
        retryAfterSeconds: null,
      });
    },
  );
});
