import { MockAgent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { ExitCode, type Failure } from "../../../src/model/failure.ts";
import { registryImage } from "../../../src/witness/registry-image.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { digestOf } from "../hub/registry-double.ts";

const account = { name: "keeper", pat: "dckr_pat_canary" };

interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface Asked {
  url: string;
  authorization: string | undefined;
}

type Answers = Record<string, Answer | ((asked: Asked) => Answer)>;

const hubChallenge = `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/web:pull"`;

/** Registries and token servers as undici's mock, by the beginning of an address; `asked` fills with what they were asked. */
function registries(answers: Answers): { dispatcher: MockAgent; asked: Asked[] } {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  onTestFinished(() => dispatcher.close());
  const asked: Asked[] = [];
  for (const origin of new Set(Object.keys(answers).map((url) => new URL(url).origin)))
    dispatcher
      .get(origin)
      .intercept({ path: () => true, method: "GET" })
      .reply(({ path, headers }) => {
        const { authorization } = headers as Record<string, string>;
        const one = { url: `${origin}${path}`, authorization };
        asked.push(one);
        const [, found] = Object.entries(answers).find(([url]) => one.url.startsWith(url)) ?? [];
        const {
          status = 200,
          body = "",
          headers: told = {},
        } = (typeof found === "function" ? found(one) : found) ?? {
          status: 404,
        };
        return {
          statusCode: status,
          data: typeof body === "string" ? body : JSON.stringify(body),
          responseOptions: { headers: told },
        };
      })
      .persist();
  return { dispatcher, asked };
}

/** Answers who brings a token, and sends everybody else for one. */
const guarded =
  (answer: Answer, challenge = hubChallenge) =>
  ({ authorization }: Asked): Answer =>
    authorization === "Bearer the-token"
      ? answer
      : { status: 401, headers: { "www-authenticate": challenge } };

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const single = { config: { digest: digest("c") }, layers: [{ digest: digest("1"), size: 7 }] };
const hub = "https://registry-1.docker.io/v2/library/web/manifests/";
const token = { "https://auth.docker.io/token": { body: { token: "the-token" } } };

const published = (answers: Answers, reference = "web:1") => {
  const { dispatcher, asked } = registries(answers);
  return { asked, image: registryImage({ dispatcher, account }, reference, "amd64") };
};

/** How it fails; nothing that it says tells the account's token. */
async function failureOf(answers: Answers, reference?: string): Promise<Failure> {
  const thrown = (await thrownBy(() => published(answers, reference).image)) as Failure;
  expect(thrown).toMatchObject({ name: "Failure", exitCode: ExitCode.unavailable });
  const basic = Buffer.from(`${account.name}:${account.pat}`).toString("base64");
  for (const secret of [account.pat, basic, "the-token"])
    expect(thrown.stack + thrown.next).not.toContain(secret);
  return thrown;
}

describe("registryImage", () => {
  it("reads a manifest of one platform as the account, whose name and token the token server alone gets", async () => {
    const { image, asked } = published({ [hub]: guarded({ body: single }), ...token });
    expect(await image).toEqual({
      repository: "library/web",
      tag: "1",
      variant: "as found",
      digest: digestOf(Buffer.from(JSON.stringify(single))),
      config: digest("c"),
      layers: [{ digest: digest("1"), bytes: 7 }],
    });
    expect(asked.map(({ url }) => url)).toEqual([
      `${hub}1`,
      "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fweb%3Apull",
      `${hub}1`,
    ]);
    const basic = `Basic ${Buffer.from("keeper:dckr_pat_canary").toString("base64")}`;
    expect(asked.map(({ authorization }) => authorization)).toEqual([undefined, basic, "Bearer the-token"]);
  });

  it("names an image for several platforms by its index, and reads the layers of the host's", async () => {
    const child = digestOf(Buffer.from(JSON.stringify(single)));
    const platform = (os: string, architecture: string, of: string) => ({
      digest: of,
      platform: { os, architecture },
    });
    const index = {
      manifests: [
        platform("linux", "arm64", digest("9")),
        platform("windows", "amd64", digest("8")),
        { digest: digest("7") },
        platform("linux", "amd64", child),
      ],
    };
    const { image, asked } = published({
      [`${hub}1`]: guarded({ body: index }),
      [`${hub}${child}`]: guarded({ body: single }),
      ...token,
    });
    expect(await image).toMatchObject({
      digest: digestOf(Buffer.from(JSON.stringify(index))),
      layers: [{ bytes: 7 }],
    });
    // One token does for both.
    expect(asked.filter(({ url }) => url.includes("/token"))).toHaveLength(1);
    const arm = registries({ [hub]: { body: { manifests: index.manifests.slice(1) } } });
    await expect(
      registryImage({ dispatcher: arm.dispatcher, account }, "web:1", "arm64"),
    ).rejects.toMatchObject({
      seen: expect.stringContaining("linux/arm64"),
    });
  });

  it("asks for the digest where a reference has one", async () => {
    const named = digestOf(Buffer.from(JSON.stringify(single)));
    const { image, asked } = published({ [hub]: { body: single } }, `web:1@${named}`);
    expect(await image).toMatchObject({ digest: named });
    expect(asked[0]?.url).toBe(`${hub}${named}`);
  });
});

describe("the account's credentials", () => {
  it.each([
    [
      "somebody else's registry",
      "https://evil.example/v2/web/manifests/",
      "https://evil.example/token",
      "evil.example/web:1",
    ],
    [
      "somebody else's registry that names Docker Hub's token server",
      "https://evil.example/v2/web/manifests/",
      "https://auth.docker.io/token",
      "evil.example/web:1",
    ],
    ["a token server that is not Docker Hub's", hub, "https://auth.docker.io.evil.example/token", "web:1"],
    ["a token server that only looks like it", hub, "https://auth.docker.io@evil.example/token", "web:1"],
    ["a token server on another port", hub, "https://auth.docker.io:444/token", "web:1"],
  ])("never go to %s", async (_, manifests, realm, reference) => {
    const challenge = `Bearer realm="${realm}",service="s"`;
    const origin = new URL(realm).origin;
    const { image, asked } = published(
      {
        [manifests]: guarded({ body: single }, challenge),
        [`${origin}/token`]: { body: { access_token: "the-token" } },
      },
      reference,
    );
    await image;
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
      "Bearer the-token",
    ]);
  });

  it.each(["http://auth.docker.io/token", "not an address", ""])(
    "never go in the open: %j",
    async (realm) => {
      const challenge = `Bearer realm="${realm}"`;
      const { seen } = await failureOf({ [hub]: guarded({ body: single }, challenge), ...token });
      expect(seen).toContain("another login");
    },
  );
});

describe("a registry that does not tell", () => {
  it.each<[string, Answers, RegExp, RegExp]>([
    [
      "asks for a password",
      { [hub]: { status: 401, headers: { "www-authenticate": "Basic realm=x" } } },
      /Basic realm=x/,
      /correct the recipe/,
    ],
    [
      "gives no token",
      { [hub]: guarded({}), "https://auth.docker.io/token": { body: { details: account.pat } } },
      /auth\.docker\.io answers 200 to keeper/,
      /run the command again/,
    ],
    [
      "refuses the login",
      { [hub]: guarded({}), "https://auth.docker.io/token": { status: 401, body: account.pat } },
      /auth\.docker\.io answers 401 to keeper/,
      /docker login/,
    ],
    [
      "refuses the token",
      { [hub]: { status: 401, headers: { "www-authenticate": hubChallenge }, body: "the-token" }, ...token },
      /answers 401$/,
      /docker login/,
    ],
    [
      "has no such image",
      { [hub]: { status: 404, body: { errors: [{ code: "MANIFEST_UNKNOWN", message: account.pat }] } } },
      /answers 404 \(MANIFEST_UNKNOWN\)$/,
      /correct the recipe/,
    ],
    [
      "sends back what it was asked with",
      { [hub]: { status: 500, body: { errors: [{ code: account.pat }] } } },
      /answers 500$/,
      /run the command again/,
    ],
    ["answers with no JSON", { [hub]: { body: "<html>" } }, /no manifest/, /correct/],
    ["answers with half of it", { [hub]: { body: '{"layers":[' } }, /no manifest/, /correct/],
    [
      "has no layers",
      { [hub]: { body: { ...single, layers: [] } } },
      /no manifest of an image with layers/,
      /correct/,
    ],
    ["has a manifest of old", { [hub]: { body: { fsLayers: [] } } }, /no manifest/, /correct/],
    [
      "names other content than it sends",
      { [hub]: { body: single, headers: { "docker-content-digest": digest("0") } } },
      /other content/,
      /run the command again/,
    ],
  ])("because it %s is an environment that is missing", async (_, answers, seen, next) => {
    const failure = await failureOf(answers);
    expect(failure.seen).toMatch(seen);
    expect(failure.next).toMatch(next);
  });

  it("because it sends another image than the digest names is one, too", async () => {
    expect((await failureOf({ [hub]: { body: single } }, `web@${digest("0")}`)).seen).toContain(
      "other content",
    );
  });

  it("because nobody answers is one, too", async () => {
    const { seen } = await failureOf({ "https://elsewhere.example/": {} });
    expect(seen).toMatch(/^registry-1\.docker\.io cannot be asked: /);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["by Retry-After", { "retry-after": "5400" }, /^wait 90 minutes: /],
    ["by RateLimit-Reset", { "ratelimit-reset": "100" }, /^wait 100 seconds: /],
    [
      "by the window",
      { "ratelimit-limit": "100;w=21600" },
      /^wait: its window is 6 hours, so all is back by then at the latest/,
    ],
    [
      "by a date that it cannot read, and the window",
      { "retry-after": "tomorrow", "ratelimit-limit": "100;w=21600" },
      /^wait: its window is 6 hours/,
    ],
    ["by nothing", {}, /^wait .*does not say when/],
  ])("because a budget is spent says when it resets, %s", async (_, headers, next) => {
    const failure = await failureOf({
      [hub]: { status: 429, headers, body: { errors: [{ code: "TOOMANYREQUESTS" }] } },
    });
    expect(failure.seen).toMatch(/answers 429 \(TOOMANYREQUESTS\)$/);
    expect(failure.next).toMatch(next);
    const refused = { [hub]: guarded({}), "https://auth.docker.io/token": { status: 429, headers } };
    expect((await failureOf(refused)).next).toMatch(next);
  });
});
