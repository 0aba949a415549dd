import type { Host } from "../host/host.ts";
import { converge } from "./convergence.ts";
import { type DeployRequest, type Outcome, plainOutcome } from "./deployer.ts";

/**
 * What the docker client says, with exit code 0, when a reference does not resolve at its registry and each
 * node is left to use whatever it has under that tag (docker/cli, stack deploy and service create).
 */
const unresolved = /could not be accessed on a registry/;

/** The lines of a tool's output that tell of a reference which did not resolve. */
export function resolutionWarnings(output: string): string[] {
  return output.split("\n").filter((line) => unresolved.test(line));
}

/** How a deploy ends whose tool has had its say: at once with the tool's `failure`, else when the stack is up or not. */
export async function settle(
  host: Host,
  { app, timeoutSeconds }: DeployRequest,
  said: Pick<Outcome, "warnings" | "output">,
  failure: string | null,
): Promise<Outcome> {
  if (failure !== null) return { ...plainOutcome("fail", failure), ...said };
  const { problem, services } = await converge(host.docker, app.stack, timeoutSeconds);
  return { status: problem === null ? "ok" : "fail", message: problem, services, ...said };
}
