import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { copyToHost, envFile, overrides } from "../../../src/deploy/files.ts";
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
    const target = host.path(`/opt/pullproof/${app.stack}`);
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
