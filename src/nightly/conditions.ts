import type { History } from "../check/history.ts";

/** What two runs must share to be comparable: a value for each condition, by its name for a reader. */
export type Conditions = Record<string, string>;

/**
 * What decides verdicts, bytes and requests: the plan, what it deploys and prunes with, and on what. The version of
 * pullproof is none of them: stored evidence is judged by the version that compares.
 */
export function behaviourConditions({ run, environments }: History): Conditions {
  const { recipe, policy, scenarios, hosts = [], reboot = "unknown" } = run.data;
  const { claims, account, seed } = run.data;
  const conditions: Conditions = {
    hosts: hosts.join(", ") || "unknown",
    "manner of reboots": reboot,
    recipe: `${recipe.name} (${Object.values(recipe.images).join(", ")})`,
    "prune policy": `${policy.name}: ${policy.command}`,
    claims: claims.join(", "),
    account,
    seed,
    plan: JSON.stringify(scenarios),
  };
  for (const { host, data } of environments) {
    const { engine, deployer, hub } = data;
    conditions[`engine of ${host}`] = engine.version;
    conditions[`image store of ${host}`] = `${engine.imageStore}/${engine.storageDriver}`;
    conditions[`deployer of ${host}`] =
      `${deployer.name} ${deployer.version}, registry auth ${deployer.registryAuth}, prepull ${deployer.prepull}`;
    conditions[`hub of ${host}`] =
      hub === null
        ? "Docker Hub"
        : `anonymous ${hub.anonymous}, ${hub.accountLimit} and ${hub.anonymousLimit} pulls in ${hub.windowSeconds} s`;
  }
  return conditions;
}

/** What decides, beside that, how long things take: the machine and the line. */
export function speedConditions({ published, environments }: History): Conditions {
  const conditions: Conditions = {};
  for (const { host, data } of environments) {
    const { engine, hub, controller, accelerator } = data;
    const images = published.filter((image) => image.host === host);
    const bytes = images.flatMap((image) => image.data.layers).reduce((sum, layer) => sum + layer.bytes, 0);
    conditions[`machine of ${host}`] = machine(engine);
    conditions[`controller of ${host}`] = machine(controller);
    conditions[`emulation of ${host}`] = accelerator ?? "none";
    conditions[`line of ${host}`] =
      hub === null ? "its own" : `${hub.bytesPerSecond ?? "unlimited"} bytes per second`;
    // To a tenth of a megabyte: what is built anew differs by a few bytes.
    conditions[`images of ${host}`] = `${(bytes / 1e6).toFixed(1)} MB`;
  }
  return conditions;
}

/** To whole gigabytes: what a kernel takes of the memory for itself changes with each of its versions. */
function machine({ cpus, memoryBytes }: { cpus: number; memoryBytes: number }): string {
  return `${cpus} CPUs, ${Math.round(memoryBytes / 1e9)} GB`;
}

/** What differs between two runs, one short sentence each; empty for comparable ones. */
export function differences(was: Conditions, is: Conditions): string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names
    .filter((name) => was[name] !== is[name])
    .map((name) => `${name}: ${shown(was[name], is[name])}`);
}

/** A plan is pages long. */
const mostShown = 120;

function shown(was = "none", is = "none"): string {
  return Math.max(was.length, is.length) > mostShown ? "another than then" : `${was} then, ${is} now`;
}
