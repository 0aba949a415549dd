import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hubKey, type Login, readCredentials, readLogin } from "../../../src/host/credentials.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

/** Must show in no error, whatever holds it. */
const secret = "canary-secret";
const basic = (text: string) => Buffer.from(text).toString("base64");
const good = { auth: basic(`keeper:${secret}`) };

/** A host whose login user has such a config.json, and such credential helpers, asked by a real shell. */
function hostWith(config: unknown, helpers: Record<string, string> = {}): HostDouble {
  const root = tempFolder();
  const text = typeof config === "string" ? config : JSON.stringify(config);
  if (config !== undefined) writeTree(root, { ".docker/config.json": text });
  for (const [name, script] of Object.entries(helpers))
    writeScript(join(root, "bin", `docker-credential-${name}`), script);
  const env = { HOME: root, PATH: `${root}/bin:/usr/bin:/bin`, ROOT: root };
  return new HostDouble().answer(({ command }) => runHere(command, env));
}

/** A helper that answers for Docker Hub alone, and only to `get`. */
const helper = (answer: object) => `
[ "$1" = get ] && [ "$(cat)" = "${hubKey}" ] || { echo "asked for something else"; exit 9; }
echo '${JSON.stringify(answer)}'`;

const stored = { ServerURL: hubKey, Username: "keeper", Secret: secret };

describe("readLogin", () => {
  it.each<[string, unknown, Partial<Login>]>([
    ["no file", undefined, { kind: "none" }],
    ["an empty file", "", { kind: "none" }],
    ["nothing in it", {}, { kind: "none" }],
    ["null for nothing", { auths: null, credsStore: null, credHelpers: null }, { kind: "none" }],
    ["another registry", { auths: { "ghcr.io": good } }, { kind: "none" }],
    // No docker client looks there for Docker Hub.
    ["docker.io by its new name", { auths: { "docker.io": good } }, { kind: "none" }],
    [
      "an entry",
      { auths: { [hubKey]: good } },
      { kind: "found", by: "auths of config.json", account: "keeper" },
    ],
    [
      "an entry in two fields",
      { auths: { [hubKey]: { username: "keeper", password: secret } } },
      { kind: "found", account: "keeper" },
    ],
    [
      "a secret with colons",
      { auths: { [hubKey]: { auth: basic("keeper:a:b") } } },
      { kind: "found", account: "keeper", secret: "a:b" } as Partial<Login>,
    ],
    ["a stub", { auths: { [hubKey]: {} } }, { kind: "unusable", why: expect.stringContaining("empty") }],
    [
      "an empty auth",
      { auths: { [hubKey]: { auth: "" } } },
      { kind: "unusable", why: expect.stringContaining("empty") },
    ],
    ["no name", { auths: { [hubKey]: { auth: basic(secret) } } }, { kind: "unusable" }],
    ["an empty name", { auths: { [hubKey]: { auth: basic(`:${secret}`) } } }, { kind: "unusable" }],
    [
      "an identity token",
      { auths: { [hubKey]: { ...good, identitytoken: secret } } },
      { kind: "identity token" },
    ],
  ])("with %s", async (_, config, expected) => {
    expect(await readLogin(hostWith(config))).toMatchObject(expected);
  });

  it("reads the folder that DOCKER_CONFIG names", async () => {
    const root = writeTree(tempFolder(), {
      "elsewhere/config.json": JSON.stringify({ auths: { [hubKey]: good } }),
    });
    const env = { HOME: root, DOCKER_CONFIG: join(root, "elsewhere") };
    const host = new HostDouble().answer(({ command }) => runHere(command, env));
    expect(await readCredentials(host)).toEqual({ account: "keeper", secret });
  });

  it.each<[string, object]>([
    ["the store", { credsStore: "pass" }],
    ["the registry's own helper", { credHelpers: { [hubKey]: "pass" } }],
    ["its own helper before the store", { credsStore: "missing", credHelpers: { [hubKey]: "pass" } }],
    // The entry is what `docker login` leaves beside a store.
    ["the store before the file", { credsStore: "pass", auths: { [hubKey]: {} } }],
    ["the store, another registry having a helper", { credsStore: "pass", credHelpers: { "ghcr.io": "gh" } }],
  ])("asks %s", async (_, config) => {
    const login = await readLogin(hostWith(config, { pass: helper(stored) }));
    expect(login).toEqual({ kind: "found", by: "docker-credential-pass", account: "keeper", secret });
  });

  it("takes the file where the registry's own helper is none", async () => {
    const config = { credsStore: "pass", credHelpers: { [hubKey]: "" }, auths: { [hubKey]: good } };
    expect(await readLogin(hostWith(config))).toMatchObject({ kind: "found", by: "auths of config.json" });
  });

  it.each<[string, string, Partial<Login>]>([
    [
      "has nothing",
      "cat > /dev/null; echo credentials not found in native keychain; exit 1",
      { kind: "none" },
    ],
    [
      "fails",
      `echo ${secret}; echo ${secret} >&2; exit 3`,
      { kind: "unusable", why: "it ended with code 3" },
    ],
    ["answers no JSON", `echo '{"Secret":${secret}'`, { kind: "unusable" }],
    ["answers something else", helper({ Secret: secret }), { kind: "unusable" }],
    ["has an empty secret", helper({ ...stored, Secret: "" }), { kind: "unusable" }],
    ["has an identity token", helper({ ...stored, Username: "<token>" }), { kind: "identity token" }],
    ["waits for a passphrase", "exit 124", { kind: "unusable", why: expect.stringContaining("passphrase") }],
  ])("tells of a helper that %s, and nothing of a secret", async (_, script, expected) => {
    const login = await readLogin(hostWith({ credsStore: "x" }, { x: script }));
    expect(login).toMatchObject(expected);
    expect(JSON.stringify(login)).not.toContain(secret);
  });

  it("tells of a helper that is not there", async () => {
    expect(await readLogin(hostWith({ credsStore: "gone" }))).toMatchObject({
      kind: "unusable",
      by: "docker-credential-gone",
      why: expect.stringContaining("not installed"),
    });
  });

  it.each(["../../bin/sh", "x; touch /tmp/x", "a b", "$(id)"])(
    "runs nothing for the helper %j",
    async (credsStore) => {
      const host = hostWith({ credsStore });
      expect(await readLogin(host)).toMatchObject({ kind: "unusable" });
      expect(host.executed).toHaveLength(1);
    },
  );

  it.each<[string, unknown]>([
    ["broken", `{"auths":{"${hubKey}":{"auth":"${secret}`],
    ["no JSON", secret],
    ["of another form", { auths: [secret] }],
    ["of other types", { auths: { [hubKey]: { auth: { secret } } }, credsStore: 7 }],
  ])("throws for a file that is %s, without quoting it", async (_, config) => {
    const thrown = await thrownBy(() => readLogin(hostWith(config)));
    expect(thrown).toBeInstanceOf(Error);
    expect(String(thrown)).not.toContain("canary");
  });

  it("throws for a file that cannot be read", async () => {
    const root = writeTree(tempFolder(), { ".docker/config.json/file": "" });
    const host = new HostDouble().answer(({ command }) => runHere(command, { HOME: root }));
    expect(String(await thrownBy(() => readLogin(host)))).toContain("cannot be read");
  });
});

describe("readCredentials", () => {
  it("is null where there is no name with a secret", async () => {
    expect(await readCredentials(hostWith({}))).toBeNull();
    expect(await readCredentials(hostWith({ auths: { [hubKey]: { identitytoken: secret } } }))).toBeNull();
  });
});
