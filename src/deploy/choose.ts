import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Host } from "../host/host.ts";
import { cacheFolder } from "../lab/cache.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { AbraDeployer } from "./abra.ts";
import type { Deployer } from "./deployer.ts";
import { StackDeployer } from "./stack.ts";

/**
 * The deployer of a name; `auto` is abra where there is one. Throws a Failure (environment missing) when abra
 * was asked for by name and is not there.
 */
export function chooseDeployer(
  name: "auto" | "abra" | "stack",
  env: NodeJS.ProcessEnv = process.env,
): Deployer {
  if (name === "stack") return new StackDeployer();
  const candidates = abraCandidates(env);
  const binary = candidates.find(isExecutable);
  if (binary !== undefined) return new AbraDeployer(binary);
  if (name === "auto" && !env.ABRA) return new StackDeployer();
  throw new Failure(ExitCode.unavailable, {
    what: "there is no abra",
    seen: `none of ${candidates.join(", ")} can be executed`,
    next: "install it with ./setup --with-abra, name it in ABRA, or use --deployer stack",
  });
}

/** Stand-in, until the deployers of a live host are there. */
export async function deployerOnHost(_name: "auto" | "abra" | "stack", _host: Host): Promise<Deployer> {
  return new StackDeployer();
}

/** `$ABRA` alone where it is set; else every folder of PATH, and where ./setup --with-abra puts it. */
function abraCandidates(env: NodeJS.ProcessEnv): string[] {
  if (env.ABRA) return [env.ABRA];
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, join(cacheFolder(env), "bin")].map((folder) => join(folder, "abra"));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    // A folder can be executed too, in its way.
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
