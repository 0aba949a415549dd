import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommandLine } from "../../support/command-line.ts";
import { PruneHost } from "../../support/prune-host.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** Notes at a process's end which modules it has loaded. */
const spy = `
const { writeFileSync } = require("node:fs");
const loaded = [];
require("node:module").registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
process.on("exit", () => writeFileSync(process.env.LOADED, loaded.join("\\n")));
`;

/** URLs of the modules that a command loads. */
async function modulesOf(host: PruneHost, ...words: string[]): Promise<string> {
  const folder = writeTree(tempFolder(), { "spy.cjs": spy });
  const LOADED = join(folder, "loaded");
  const line = new CommandLine({ ...host.env, LOADED, NODE_OPTIONS: `--require=${join(folder, "spy.cjs")}` });
  await line.run(...words, "--config", host.config);
  return readFileSync(LOADED, "utf8");
}

describe("a command that runs on a host which is short of everything", { timeout: 60_000 }, () => {
  it.each([["prune"], ["watch --once"]])("loads nothing that only a lab needs: %s", async (words) => {
    const modules = await modulesOf(await PruneHost.with([]), ...words.split(" "));
    expect(modules).toContain("/node_modules/dockerode/");
    expect(modules).not.toMatch(/\/node_modules\/testcontainers\/|\/src\/(runner|lab|hub|host|deploy)\//);
  });
});
