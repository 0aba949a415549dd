import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExitCode, Failure } from "../model/failure.ts";
import { buildWith, isOfVersion } from "./build-tool.ts";
import { cacheFolder } from "./cache.ts";
import type { Log } from "./image.ts";

/** The engine's Go module since its 29 line (https://github.com/moby/moby). */
const goModule = "github.com/moby/moby/v2";

/**
 * Builds the engine from its Go module unless the cache folder has it, and returns the binary, a file called `dockerd`.
 * `version` is one of the module's, without its `v`. Throws a Failure (unavailable) where it cannot be built.
 */
export async function ensureDockerd(
  version: string,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const folder = join(cacheFolder(env), "dockerd", version);
  const binary = join(folder, "dockerd");
  if (await isOfVersion(binary, version, env)) return binary;
  log(`engine: building dockerd ${version} with go (about three minutes)`);
  await mkdir(dirname(folder), { recursive: true });
  const made = await mkdtemp(`${folder}.`);
  try {
    // Otherwise it calls itself "library-import". It is static, because it has to run on another system than this one.
    const flags = `-s -w -X ${goModule}/dockerversion.Version=${version}`;
    const words = ["install", "-trimpath", `-ldflags=${flags}`, `${goModule}/cmd/dockerd@v${version}`];
    const go = { ...env, CGO_ENABLED: "0", GOBIN: made };
    const missing = await buildWith("go", words, `dockerd ${version}`, go);
    if (missing !== null) throw notBuilt(version, missing);
    if (!(await isOfVersion(join(made, "dockerd"), version, env)))
      throw notBuilt(version, `go installed dockerd ${version}, but it does not run`);
    await rm(folder, { recursive: true, force: true });
    // Never seen half made.
    await rename(made, folder);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  return binary;
}

function notBuilt(version: string, seen: string): Failure {
  return new Failure(ExitCode.unavailable, {
    what: `the engine ${version} could not be built`,
    seen,
    next: "install Go (https://go.dev/dl/) where the Go module proxy can be reached, or leave this engine out",
  });
}
