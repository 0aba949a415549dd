import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { appEnv } from "../../../src/deploy/abra-env.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { runHere } from "../../support/host-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const sample = [
  "TYPE=diary",
  "# what it is called",
  "DOMAIN=diary.example.com",
  'GREETING="as the recipe has it"',
  "SECRET_KEY_VERSION=v1 # length=32",
].join("\n");

/** What a shell makes of an env file. */
async function throughShell(file: string, name: string): Promise<string> {
  const folder = writeTree(tempFolder(), { env: file });
  const { stdout } = await runHere(["sh", "-c", `. "$1/env"; printf %s "$${name}"`, "sh", folder]);
  return stdout;
}

describe("appEnv", () => {
  it("keeps the recipe's sample as it stands, and sets what is different after it", () => {
    const file = appEnv(sample, { ...parseEnv(sample), DOMAIN: "mine.example.org", TIMEOUT: "90" });
    expect(file.startsWith(`${sample}\n`)).toBe(true);
    const added = file
      .slice(sample.length)
      .split("\n")
      .filter((line) => line.includes("="));
    expect(added).toEqual(["DOMAIN=mine.example.org", "TIMEOUT=90"]);
    expect(parseEnv(file)).toMatchObject({ DOMAIN: "mine.example.org", TYPE: "diary" });
  });

  it("does without a sample", () => {
    expect(parseEnv(appEnv("", { DOMAIN: "a.example.org" }))).toEqual({ DOMAIN: "a.example.org" });
  });

  it.each([
    "plain",
    "",
    "two words",
    "it's",
    'say "so"',
    "$HOME $(id) `id`",
    "a\\nb",
    "# no comment",
    "*",
    "Zürich 🗝",
    " around ",
  ])("lets %j stand for itself, to a shell and to a parser of env files", async (value) => {
    const file = appEnv(sample, { VALUE: value });
    expect(await throughShell(file, "VALUE")).toBe(value);
    expect(parseEnv(file).VALUE).toBe(value);
  });

  it.each(["two\nlines", "a\rb", `'"`, "it's $HOME"])("refuses %j, and does not say what it is", (value) => {
    let thrown: unknown;
    try {
      appEnv(sample, { VALUE: value });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ exitCode: ExitCode.config, seen: expect.stringMatching(/^VALUE /) });
    expect(String((thrown as { seen: string }).seen)).not.toContain(value);
  });
});
