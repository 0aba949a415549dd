import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../lab/cache.ts";
import type { Log } from "../lab/image.ts";
import { messageOf } from "../model/failure.ts";

const run = promisify(execFile);

/** The version that the policies in `fixtures/policies/` were written for, at crates.io. */
const version = "0.27.3";

/** The binary of docuum, or why there is none. */
export type Docuum = { binary: string } | { missing: string };

/**
 * Builds docuum with cargo unless the cache folder has it. Where that is not possible, the policies that need it are to
 * be skipped with the reason.
 */
export async function ensureDocuum(log: Log, env: NodeJS.ProcessEnv = process.env): Promise<Docuum> {
  const root = join(cacheFolder(env), "docuum");
  const binary = join(root, "bin", "docuum");
  if (await isThere(binary, env)) return { binary };
  log(`docuum: building ${version} with cargo (about a minute)`);
  try {
    await run("cargo", ["install", "docuum", "--version", version, "--locked", "--root", root], { env });
  } catch (thrown) {
    return { missing: reason(thrown as NodeJS.ErrnoException & { stderr?: string }) };
  }
  if (await isThere(binary, env)) return { binary };
  return { missing: `cargo installed docuum ${version}, but ${binary} does not run` };
}

/** Whether the binary runs and is of the version: one of another version may have stayed from earlier. */
async function isThere(binary: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const { stdout } = await run(binary, ["--version"], { env });
    return stdout.trim().endsWith(` ${version}`);
  } catch {
    return false;
  }
}

/** A failed `cargo` says why in its last lines. */
function reason(error: NodeJS.ErrnoException & { stderr?: string }): string {
  if (error.code === "ENOENT") return `cargo, which builds docuum ${version}, is not on the PATH`;
  const said = (error.stderr ?? "").trim().split("\n").slice(-3).join(" | ");
  return `cargo could not build docuum ${version}: ${said === "" ? messageOf(error) : said}`;
}
