import { get } from "node:http";
import { join } from "node:path";
import Docker from "dockerode";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";

const PROBE_TIMEOUT_MS = 5_000;

export interface EngineChoice {
  /** Absolute paths of unix sockets, in the order in which they are tried. */
  sockets: string[];
  /** Where the choice came from, for error messages. */
  source: "DOCKER_HOST" | "default";
}

/**
 * The folder of the private engine's socket, as ./setup derives it: this user's own, under
 * `$PULLPROOF_RUNTIME_DIR` or /run.
 */
export function runtimeDir(env: NodeJS.ProcessEnv, uid: number): string {
  return join(env.PULLPROOF_RUNTIME_DIR || "/run", uid === 0 ? "pullproof" : `pullproof-${uid}`);
}

/**
 * Which engines to try. A set DOCKER_HOST is the user's decision, so nothing else is tried then; only unix
 * sockets can serve, because the lab shares folders with its engine.
 */
export function engineChoice(env: NodeJS.ProcessEnv, uid: number): EngineChoice {
  const host = env.DOCKER_HOST;
  if (!host) {
    return { sockets: ["/var/run/docker.sock", `${runtimeDir(env, uid)}/docker.sock`], source: "default" };
  }
  if (!host.startsWith("unix:///")) {
    throw new Failure(ExitCode.config, {
      what: "DOCKER_HOST names an engine that pullproof cannot use",
      seen: `DOCKER_HOST=${host}; the lab shares folders with its engine, so only unix:// addresses work`,
      next: "unset DOCKER_HOST, or set it to a unix:// address",
    });
  }
  return { sockets: [host.slice("unix://".length)], source: "DOCKER_HOST" };
}

/** The address (`unix:///…`) of the engine in use, fit for DOCKER_HOST. Throws a Failure when none answers. */
export async function outerEngineAddress(): Promise<string> {
  return `unix://${await answeringSocket()}`;
}

/** The Docker engine that carries the lab: the first that answers. Throws a Failure when none does. */
export async function openOuterEngine(): Promise<Docker> {
  return new Docker({ socketPath: await answeringSocket() });
}

async function answeringSocket(): Promise<string> {
  const choice = engineChoice(process.env, process.getuid?.() ?? 0);
  const seen: string[] = [];
  for (const socket of choice.sockets) {
    try {
      await ping(socket);
      return socket;
    } catch (error) {
      seen.push(`${socket}: ${messageOf(error)}`);
    }
  }
  throw new Failure(ExitCode.unavailable, {
    what:
      choice.source === "DOCKER_HOST"
        ? "the Docker engine that DOCKER_HOST names does not answer"
        : "no Docker engine answers",
    seen: seen.join("; "),
    next:
      choice.source === "DOCKER_HOST" ? "start that engine, or unset DOCKER_HOST and run ./setup" : "./setup",
  });
}

/** Not dockerode's ping: that has no timeout, and an engine that accepts and stays silent would hang us. */
function ping(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath, path: "/_ping", timeout: PROBE_TIMEOUT_MS }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`answered with status ${response.statusCode}`));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
    request.on("error", reject);
  });
}

/**
 * Makes testcontainers use the same engine. Its reaper is off because that is an image from a registry (ours
 * is src/lab/reaper.ts), and its search for an address at which published ports can be reached because the lab
 * publishes none.
 */
export async function pointTestcontainers(): Promise<void> {
  process.env.DOCKER_HOST = await outerEngineAddress();
  process.env.TESTCONTAINERS_RYUK_DISABLED = "true";
  process.env.TESTCONTAINERS_HOST_OVERRIDE = "127.0.0.1";
}
