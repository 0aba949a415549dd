import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecipe } from "../../../src/deploy/recipe.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { isReference } from "../../../src/model/reference.ts";
import { LiveStage } from "../../support/live-stage.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** A process for each command on the host, on a machine that may be busy. */
const patience = { timeout: 240_000 };

const account = { name: "keeper", pat: "dckr_pat_keeper" };

/** Asserts that a run left the host, and the caller's folders, as they were. */
function expectUntouched(stage: LiveStage, before: readonly string[]): void {
  const { calls } = stage.engine;
  const changes = calls.filter(({ method, path }) => method !== "GET" && path !== "/double/docker");
  expect(changes).toEqual([]);
  const commands = calls
    .filter(({ path }) => path === "/double/docker")
    .map(({ body }) => (body as string[])[0]);
  expect(commands).not.toContain("stack");
  expect(stage.left).toEqual([]);
  expect(stage.line.tree()).toEqual(before);
}

/** The folder of a recipe with such services. */
function recipe(name: string, services: object): string {
  const folder = join(tempFolder(), name);
  writeTree(folder, { "compose.yml": JSON.stringify({ services }) });
  return folder;
}

describe("a live run is refused before anything is touched", patience, () => {
  it.each<[string, string, string, RegExp]>([
    ["a hostile name", "a\u001b[2J b", "busybox:1", /name that no recipe can have/],
    ["an image that is a path", "recipe", "../../x", /no image reference[\s\S]*services\.app\.image/],
  ])("for a recipe with %s", async (_, name, image, complaint) => {
    const stage = await LiveStage.open(account);
    const folder = recipe(name, { app: { image } });
    const before = stage.line.tree();
    const { code, stdout, stderr } = await stage.line.run(...stage.verify(`--recipe=${folder}`));
    expect({ code, stdout }, stderr).toEqual({ code: ExitCode.config, stdout: "" });
    expect(stderr).toMatch(complaint);
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stage.engine.requests).toEqual([]);
    expectUntouched(stage, before);
  });

  it.each<[string, Parameters<typeof LiveStage.open>[1], (stage: LiveStage) => void, RegExp[]]>([
    [
      "an access token that docker.io takes no longer",
      { settings: { accounts: [{ ...account, pat: "dckr_pat_new" }] } },
      () => {},
      [
        /refuses the login of keeper \(401\): its access token is wrong, expired or revoked/,
        /docker login -u keeper/,
      ],
    ],
    [
      "a pull budget that is exhausted",
      { settings: { limits: { account: { limit: 0, windowSeconds: 21_600 }, anonymous: null } } },
      () => {},
      [
        /pull budget of keeper is exhausted \(0 of 0 left\); the window is 6 hours, so all is back by 20\d\d-.+ at the latest/,
        /next: wait/,
      ],
    ],
    [
      "a pull budget that is too small for the plan",
      { settings: { limits: { account: { limit: 7, windowSeconds: 21_600 }, anonymous: null } } },
      () => {},
      [/7 of 7 pulls left for keeper, and the plan may take 12; the window is 6 hours, so all is back by/],
    ],
    [
      "a clock that is wrong",
      {},
      (stage) => stage.program("date", "echo $(($(/bin/date +%s) + 5400))"),
      [/clock: .*\d+ minutes ahead of/, /timedatectl set-ntp true/],
    ],
  ])("for %s", async (_, options, arrange, complaints) => {
    const stage = await LiveStage.open(account, options);
    arrange(stage);
    const before = stage.line.tree();
    const { code, stdout, stderr } = await stage.line.run(...stage.verify());
    expect({ code, stdout }, stderr).toEqual({ code: ExitCode.unavailable, stdout: "" });
    for (const complaint of complaints) expect(stderr).toMatch(complaint);
    expectUntouched(stage, before);
  });
});

describe("a recipe", () => {
  it.each(["my recipe", "-rf", ".recipe", "a\u001b[2Jb", "a\nb", "a;b", "a$b", "é"])(
    "is none by the name %j",
    (name) => {
      const folder = recipe(name, { app: { image: "busybox:1" } });
      expect(() => readRecipe(folder)).toThrow(
        expect.objectContaining({ exitCode: ExitCode.config, seen: folder }),
      );
    },
  );

  it.each(["wiki", "my-wiki_2.0", "2048"])("may be called %s", (name) => {
    expect(readRecipe(recipe(name, { app: { image: "busybox:1" } })).name).toBe(name);
  });

  it.each(["../a", "a b", "a\nb", "a/b", ""])("has no service called %j", (name) => {
    const folder = recipe("wiki", { [name]: { image: "busybox:1" } });
    expect(() => readRecipe(folder)).toThrow(expect.objectContaining({ exitCode: ExitCode.config }));
  });
});

describe("an image reference", () => {
  const digest = `sha256:${"0".repeat(64)}`;

  it.each([
    "busybox",
    "busybox:1.36.1",
    "library/busybox",
    "docker.io/library/busybox:1",
    "ghcr.io/a/b-c_d.e:v1.0-rc_1",
    "localhost:5000/a",
    "[2001:db8::1]:5000/a/b",
    `a@${digest}`,
    `a:1@${digest}`,
  ])("is %s", (text) => {
    expect(isReference(text)).toBe(true);
  });

  it.each([
    "",
    "../../x",
    "a/../b",
    "/a",
    "a/",
    "a//b",
    "busy box:1",
    "box:1\u001b[2J",
    "box:1\n",
    "Box",
    "box:",
    "@",
    "-v",
    "http://box",
    "a:b:c",
    "a@sha256:1",
    `a@${digest}@${digest}`,
    `\${IMAGE}`,
    "box:$TAG",
    "a".repeat(2000),
  ])("is not %j", (text) => {
    expect(isReference(text)).toBe(false);
  });
});
