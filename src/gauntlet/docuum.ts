import { join } from "node:path";
import { buildWith, isOfVersion } from "../lab/build-tool.ts";
import { cacheFolder } from "../lab/cache.ts";
import type { Log } from "../lab/image.ts";

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
  if (await isOfVersion(binary, version, env)) return { binary };
  log(`docuum: building ${version} with cargo (about a minute)`);
  const words = ["install", "docuum", "--version", version, "--locked", "--root", root];
  const missing = await buildWith("cargo", words, `docuum ${version}`, env);
  if (missing !== null) return { missing };
  if (await isOfVersion(binary, version, env)) return { binary };
  return { missing: `cargo installed docuum ${version}, but ${binary} does not run` };
}
