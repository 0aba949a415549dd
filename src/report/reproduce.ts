import type { History } from "../check/history.ts";
import { claimIds } from "../model/claim.ts";
import { doubleMark } from "../model/contract-double.ts";
import type { EntryOf } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { shellWord } from "../shell.ts";
import { isDouble } from "./deployer.ts";

/** What cannot be shown in a fenced block, or would not be pasted as it is seen. */
const unsafe = /[^\x20-\x7e]|`|<!--/;

/** The commands that make such a run again, and that judge this one again: by its name, or by the `folder` that it is in. */
export function reproduceSection(
  { run, audit }: Pick<History, "run" | "audit">,
  environment: EntryOf<"environment"> | undefined,
  folder: string = run.data.id,
): string {
  const { seed, policy, claims, scenarios } = run.data;
  let note = "";
  const options = ["--seed", seed, "--prune", policy.name === "command" ? policy.command : policy.name];
  if (claims.length < claimIds.length) options.push("--only", claims.join(","));
  // One sample comes with the chain; more were asked for.
  const samples = scenarios.flatMap(({ steps }) => steps).filter(isColdSample).length;
  if (samples > 1) options.push("--samples", String(samples));
  if (!scenarios.some(({ control }) => control)) options.push("--no-controls");
  const code = audit?.data.paths ?? [];
  const documents = audit?.data.documents.paths ?? [];
  if (code.length > 0) options.push("--audit", code.join(","));
  if (documents.length > 0) options.push("--documents", documents.join(","));
  if (run.data.hosts !== undefined) options.push("--host", run.data.hosts.join(","));
  if (environment?.data.address?.startsWith("ssh://"))
    options.push("--docker-host", environment.data.address);
  const onLive = scenarios.find(({ id }) => id === liveChain)?.steps ?? [];
  if (onLive.some((step) => step.do === "prune")) options.push("--allow-prune");
  if (onLive.some((step) => step.do === "restart")) options.push("--allow-reboot");
  if (run.data.reboot !== undefined && !run.data.hosts?.every((kind) => kind === "live"))
    options.push("--reboot", run.data.reboot);
  if (environment !== undefined) {
    const { engine, deployer } = environment.data;
    options.push("--image-store", engine.imageStore, "--deployer", deployer.name);
    // Null is the deployer's own choice, which no option makes.
    if (deployer.registryAuth === false) options.push("--no-registry-auth");
    if (deployer.prepull) options.push("--prepull");
    if (isDouble(deployer)) note = ` # by a ${doubleMark}, which ABRA has to name`;
  }
  if (options.some((option) => unsafe.test(option)) || unsafe.test(folder))
    return "The run's settings hold characters that do not belong on a command line; line 1 of the evidence has them.";
  return [
    "```sh",
    `npm run verify -- ${options.map(shellWord).join(" ")}${note}`,
    `npx pullproof check ${shellWord(folder)}`,
    "```",
  ].join("\n");
}

/** The scenario of a live host (suites/live.ts). */
const liveChain = "live-chain";

function isColdSample(step: Step): boolean {
  return step.do === "deploy" && step.sample && step.expect === "cold";
}
