import { formatBytes } from "../check/units.ts";
import type { Body, EntryOf } from "../model/evidence.ts";
import { deployerNote, deployerTitle, registryAuthText } from "./deployer.ts";
import { codeSpan, escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** What a host and the hub were, as a table; one for each host. */
export function environmentSection(
  run: EntryOf<"run">,
  environments: readonly EntryOf<"environment">[],
): string {
  if (environments.length === 0) return "The environment was not recorded.";
  return environments.map((environment) => table(["setting", "value"], rows(run, environment))).join("\n\n");
}

function rows(run: EntryOf<"run">, { host, data }: EntryOf<"environment">): string[][] {
  const { engine, deployer, hub, controller, pullPath } = data;
  const { recipe, account, seed, pullproof } = run.data;
  const note = deployerNote(deployer);
  const pairs: [string, string][] = [
    ["host", host ?? "unnamed"],
    ...optional("reached by", data.address),
    ...optional("deployed as the stack", data.stack),
    ["engine", `${engine.version} (API ${engine.apiVersion})`],
    ["image store", `${engine.imageStore}, ${engine.storageDriver}, data root ${engine.dataRoot}`],
    ["system", `${engine.os}, kernel ${engine.kernel}`],
    ["size", `${engine.cpus} cores, ${formatBytes(engine.memoryBytes)} memory`],
    ...optional("virtual machine run by", data.accelerator),
    ["swarm nodes", String(data.swarmNodes)],
    ["mirrors", settings(pullPath.mirrors)],
    ["proxies", settings(pullPath.proxies)],
    ["registry host files", settings(pullPath.hostsFiles)],
    ["prefer offline images", pullPath.preferOffline === null ? "unknown" : String(pullPath.preferOffline)],
    ["deployer", deployerTitle(deployer)],
    ...(note === null ? [] : [["compared with abra", note] as [string, string]]),
    ["registry auth", deployer.registryAuth ? `sent, as ${account}` : registryAuthText(deployer)],
    ["pull by tag before a deploy", deployer.prepull ? "yes" : "no"],
    ["prune run", pruneRun(run)],
    ["recipe", recipe.name],
    [
      "images",
      Object.entries(data.recipeImages ?? recipe.images)
        .map(([service, image]) => `${service}: ${image}`)
        .join(", "),
    ],
    ...(hub === null ? [] : hubRows(hub)),
    [
      "controller",
      `Node ${controller.node}, ${controller.cpus} cores, ${formatBytes(controller.memoryBytes)} memory${controller.engine === null ? "" : `, engine ${controller.engine}`}`,
    ],
    ["pullproof", pullproof],
    ["seed", seed],
  ];
  return pairs.map(([name, value]) => [name, codeOrText(value)]);
}

function pruneRun({ data: { policy, scenarios } }: EntryOf<"run">): string {
  if (!scenarios.some(({ steps }) => steps.some((step) => step.do === "prune"))) return "none";
  return policy.title === policy.command ? policy.title : `${policy.title}: ${policy.command}`;
}

const optional = (name: string, value: string | undefined): [string, string][] =>
  value === undefined ? [] : [[name, value]];

function hubRows(hub: NonNullable<Body<"environment">["hub"]>): [string, string][] {
  const { registry, bytesPerSecond, anonymous, accountLimit, anonymousLimit, windowSeconds } = hub;
  return [
    ["registry behind the hub", registry],
    ["hub bandwidth", bytesPerSecond === null ? "unlimited" : `${formatBytes(bytesPerSecond)} per second`],
    ["anonymous pulls", anonymous],
    [
      "pull budgets",
      `account ${accountLimit ?? "unlimited"}, anonymous ${anonymousLimit ?? "unlimited"}, per ${windowSeconds} s`,
    ],
  ];
}

function settings(values: readonly string[] | null): string {
  if (values === null) return "unknown";
  return values.length === 0 ? "none" : values.join(", ");
}

function codeOrText(value: string): string {
  return /[/:]/.test(value) ? codeSpan(value) : escapeMarkdown(value);
}
