import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { managesSwarm } from "../host/swarm-manager.ts";
import { runtimeDir } from "../lab/outer-engine.ts";

/** Longer than this no run waits for a hint. */
const patienceMs = 1_000;

/**
 * How to judge this machine itself, in one line, for a run that does not, on a machine that looks like a swarm manager;
 * else null. Only the user's own engine is asked, never the private one that carries labs, and none elsewhere.
 */
export async function liveHint(
  { hosts }: Pick<Settings, "hosts">,
  env: NodeJS.ProcessEnv = process.env,
  uid = process.getuid?.() ?? 0,
): Promise<string | null> {
  if (hosts.includes("live")) return null;
  const socket = ownSocket(env);
  if (socket === null || socket === join(runtimeDir(env, uid), "docker.sock")) return null;
  if (!(await managesSwarm(socket, patienceMs))) return null;
  return "this machine looks like a swarm manager; to judge it itself: pullproof verify --host live";
}

/** The socket of DOCKER_HOST, else Docker's own; null where DOCKER_HOST leads elsewhere. */
function ownSocket({ DOCKER_HOST: address }: NodeJS.ProcessEnv): string | null {
  if (!address) return "/var/run/docker.sock";
  return address.startsWith("unix:///") ? address.slice("unix://".length) : null;
}
