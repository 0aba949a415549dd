import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Host } from "../host/host.ts";
import { cacheFolder } from "../lab/cache.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { AbraDeployer } from "./abra.ts";
import { abraOn, installedAbra, localAbra } from "./abra-binary.ts";
import type { Deployer } from "./deployer.ts";
import { StackDeployer } from "./stack.ts";

/**
 * The deployer of a name for hosts that are a run's own; `auto` is abra where this machine has one. Throws a Failure
 * (environment missing) when abra was asked for by name and is not there.
 */
export function chooseDeployer(
  name: "auto" | "abra" | "stack",
  env: NodeJS.ProcessEnv = process.env,
): Deployer {
  const mayDoWithout = name === "auto" && !env.ABRA;
  if (name === "stack" || (mayDoWithout && findAbra(env) === undefined)) return new StackDeployer();
  return new AbraDeployer(localAbra(requireAbra(env)));
}

/** The path of this machine's abra. Throws a Failure (environment missing) when there is none. */
export function requireAbra(env: NodeJS.ProcessEnv = process.env): string {
  const binary = findAbra(env);
  if (binary !== undefined) return binary;
  throw new Failure(ExitCode.unavailable, {
    what: "there is no abra",
    seen: `none of ${abraCandidates(env).join(", ")} can be executed`,
    next: "install it with ./setup --with-abra, name it in ABRA, or use --deployer stack",
  });
}

/**
 * The deployer of a name for a host that is not a run's own: abra is the one that is installed there, and nothing is
 * installed. Throws a Failure (environment missing) when abra was asked for by name and the host has none.
 */
export async function deployerOnHost(name: "auto" | "abra" | "stack", host: Host): Promise<Deployer> {
  if (name === "stack") return new StackDeployer();
  const path = await abraOn(host);
  if (path !== null) return new AbraDeployer(installedAbra(path));
  if (name === "auto") return new StackDeployer();
  throw new Failure(ExitCode.unavailable, {
    what: "there is no abra on the host",
    seen: `command -v abra on ${host.name} finds none`,
    next: "install it there as its operator does, or use --deployer stack",
  });
}

const findAbra = (env: NodeJS.ProcessEnv) => abraCandidates(env).find(isExecutable);

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
