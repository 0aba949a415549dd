import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { copyRecipe, copyToHost, envFile, overrides, stageOnHost } from "../../../src/deploy/files.ts";
import { exampleApp } from "../../support/app.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** What a real shell makes of the file: each variable as the shell's child gets it. */
async function throughShell(shell: string, env: Record<string, string>): Promise<Record<string, string>> {
  const folder = writeTree(tempFolder(), { env: envFile(env) });
  const script = 'set -eu; cd "$1"; set -a; . ./env; exec env -0';
  const { exitCode, stdout, stderr } = await runHere([shell, "-c", script, "source", folder]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const all = Object.fromEntries(
    stdout.split("\0").map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]),
  );
  return Object.fromEntries(Object.keys(env).map((name) => [name, all[name] ?? "(unset)"]));
}

const hostile = {
  SINGLE: "it's",
  QUOTES: `'"'"'`,
  ONLY_QUOTE: "'",
  COMMAND: "$(touch /tmp/pwned) `id`",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for the shell
  VARIABLE: "$HOME ${PATH:-x} $$",
  LINES: "first\nexport SECOND=2\n",
  BACKSLASH: "a\\nb\\",
  HASH: "a # no comment",
  GLOB: "* ? [a-z] ~",
  BANG: "!! !$",
  SEMICOLON: "; exit 7; #",
  SPACES: "  around  ",
  EMPTY: "",
  WIDE: "Zürich 🗝",
};

describe("envFile", () => {
  it.each(["sh", "bash"])("survives a real %s, whatever the values hold", async (shell) => {
    expect(await throughShell(shell, hostile)).toEqual(hostile);
  });
});

describe("overrides", () => {
  it("is a compose file of nothing but images", () => {
    const images = { app: "pullproof/web:1.0.0@sha256:abc", "odd: name": "a:1" };
    expect(parse(overrides(images))).toEqual({
      version: "3.8",
      services: { app: { image: images.app }, "odd: name": { image: "a:1" } },
    });
  });

  it("without images is a compose file still: docker refuses an empty one", () => {
    expect(parse(overrides({}))).toMatchObject({ version: "3.8", services: {} });
  });
});

describe("copyToHost", () => {
  const staged = () => readdirSync(tmpdir()).filter((name) => /^pullproof-[^-]{6}$/.test(name));

  it("puts the recipe and what is added on the host, and leaves nothing here", async () => {
    const before = staged();
    const host = new HostDouble();
    const app = exampleApp({ "nested/file": "content" });
    let folder = "";
    await copyToHost(host, app, "recipes/diary", async (staging) => {
      folder = staging;
      writeTree(staging, { added: "yes" });
    });
    const target = host.path(`${host.folder}/${app.stack}`);
    expect(readFileSync(join(target, "recipes/diary/nested/file"), "utf8")).toBe("content");
    expect(readFileSync(join(target, "recipes/diary/.env.sample"), "utf8")).toContain("TYPE=");
    expect(readFileSync(join(target, "added"), "utf8")).toBe("yes");
    expect(folder).not.toBe("");
    expect(staged().filter((name) => !before.includes(name) && folder.endsWith(name))).toEqual([]);
  });

  it("leaves nothing here when it fails either", async () => {
    let folder = "";
    const failing = copyToHost(new HostDouble(), exampleApp(), ".", async (staging) => {
      folder = staging;
      throw new Error("disk full");
    });
    await expect(failing).rejects.toThrow("disk full");
    expect(staged()).not.toContain(folder.split("/").at(-1));
  });
});

describe("stageOnHost", () => {
  it("puts what is staged into a folder of the host, beside what is there", async () => {
    const host = new HostDouble();
    writeTree(host.path("/var/lib/pullproof"), { "run.lock": "", "state.json": "old" });
    let folder = "";
    await stageOnHost(host, "/var/lib/pullproof", async (staging) => {
      folder = staging;
      expect(readdirSync(staging)).toEqual([]);
      writeTree(staging, { "state.json": "new" });
    });
    const target = host.path("/var/lib/pullproof");
    expect(readdirSync(target).sort()).toEqual(["run.lock", "state.json"]);
    expect(readFileSync(join(target, "state.json"), "utf8")).toBe("new");
    expect(existsSync(folder)).toBe(false);
  });

  it("leaves nothing here when the host takes nothing", async () => {
    const host = new HostDouble();
    host.copyIn = async () => {
      throw new Error("the container is gone");
    };
    let folder = "";
    const staged = stageOnHost(host, "/opt", async (staging) => {
      folder = staging;
    });
    await expect(staged).rejects.toThrow("the container is gone");
    expect([folder === "", existsSync(folder)]).toEqual([false, false]);
  });
});

describe("copyRecipe", () => {
  it("puts the recipe where abra has it, without its git data", async () => {
    const host = new HostDouble();
    const { recipe } = exampleApp({
      ".git/hooks/post-checkout": "rm -rf /",
      ".gitignore": "*.env",
      "abra.sh": "",
    });
    await copyRecipe(host, recipe);
    const files = readdirSync(host.path("/root/.abra/recipes/diary")).sort();
    expect(files).toEqual([".env.sample", ".gitignore", "abra.sh", "compose.yml"]);
  });

  it("leaves out what leads from a worktree to its repository, too", async () => {
    const host = new HostDouble();
    const { recipe } = exampleApp({ ".git": "gitdir: /somebody/else/repository" });
    await copyRecipe(host, recipe);
    expect(existsSync(host.path("/root/.abra/recipes/diary/.git"))).toBe(false);
  });
});
