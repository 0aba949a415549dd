import { Agent, type ClientRequest, type IncomingMessage } from "node:http";
import { inspect } from "node:util";
import Docker from "dockerode";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";

/** The engine of this machine, and what of it never changes while it runs. */
export interface LocalEngine {
  docker: Docker;
  /** The engine's own ID: a record of use is about one engine. */
  id: string;
  /** Where it keeps everything, images on graphdriver included. */
  dataRoot: string;
  /** Whether it manages a swarm. Without one there are no services and no tasks. */
  manager: boolean;
  /** Whether containerd keeps the images. */
  containerdStore: boolean;
  /** The file that the engine writes when it starts, and at no other time. */
  pidFile: string;
}

/** What the engine's `/info` says that counts here. */
interface EngineInfo {
  ID: string;
  DockerRootDir: string;
  DriverStatus?: unknown;
  Swarm?: { LocalNodeState?: string; ControlAvailable?: boolean };
}

const defaultSocket = "/var/run/docker.sock";

/** An engine that has not answered its first request by then is not going to. */
const firstAnswerMs = 10_000;

/**
 * Opens the engine that this machine's images belong to: the one of DOCKER_HOST, else Docker's own socket.
 * Throws a Failure: unavailable when it does not answer or when it belongs to a swarm that it does not manage,
 * bad configuration when DOCKER_HOST leads to another machine.
 */
export async function openLocalEngine(
  env: NodeJS.ProcessEnv,
  patienceMs = firstAnswerMs,
): Promise<LocalEngine> {
  const socketPath = socketOf(env);
  // The types do not know of the agent, which docker-modem hands to every request.
  const docker = new Docker(Object.assign({ socketPath }, { agent: engineAgent() }));
  const info = await firstAnswer(docker, socketPath, patienceMs);
  requireSwarmView(info.Swarm);
  return {
    docker,
    id: info.ID,
    dataRoot: info.DockerRootDir,
    manager: info.Swarm?.ControlAvailable === true,
    // It names a snapshotter as its driver, and says so in the driver's status.
    containerdStore: JSON.stringify(info.DriverStatus ?? []).includes("io.containerd.snapshotter"),
    pidFile: socketPath.replace(/\.sock$/, ".pid"),
  };
}

function socketOf({ DOCKER_HOST: host }: NodeJS.ProcessEnv): string {
  if (!host) return defaultSocket;
  if (host.startsWith("unix:///")) return host.slice("unix://".length);
  throw new Failure(ExitCode.config, {
    what: "DOCKER_HOST names an engine that may be on another machine",
    seen: `DOCKER_HOST=${host}; the policy looks at the disk beside the engine, so it runs on the engine's own machine`,
    next: "run pullproof on that machine, or set DOCKER_HOST to a unix:// address",
  });
}

async function firstAnswer(docker: Docker, socketPath: string, patienceMs: number): Promise<EngineInfo> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  try {
    const info: unknown = await docker.info({ abortSignal: patience.signal } as never);
    return info as EngineInfo;
  } catch (thrown) {
    const denied = ["EACCES", "EPERM"].includes((thrown as NodeJS.ErrnoException).code ?? "");
    const silence = patience.signal.aborted ? `no answer within ${patienceMs} ms` : messageOf(thrown);
    throw new Failure(ExitCode.unavailable, {
      what: denied ? "the Docker engine may not be used by this user" : "the Docker engine does not answer",
      seen: `${socketPath}: ${silence}`,
      next: denied ? "run the same command as root" : "systemctl status docker, or set DOCKER_HOST",
      cause: thrown,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Only a manager tells what the swarm's services need: on any other node their images would look like orphans. */
function requireSwarmView(swarm: EngineInfo["Swarm"]): void {
  const { LocalNodeState: state = "inactive", ControlAvailable: manager = false } = swarm ?? {};
  if (state === "inactive" || state === "" || (state === "active" && manager)) return;
  throw new Failure(ExitCode.unavailable, {
    what: "this engine cannot tell which images its swarm needs",
    seen:
      state === "active" ? "the node is a worker of its swarm" : `the node's state in its swarm is ${state}`,
    next:
      state === "active" ? "run the policy on the swarm's managers only" : "docker info; docker swarm unlock",
  });
}

/**
 * dockerode waits for ever when the engine goes away in the middle of an answer: it listens for errors of the
 * request only, and this is one of the response. The agent sees both first, and hands the one on to the other.
 */
function engineAgent(): Agent {
  type Adding = Agent & { addRequest(request: ClientRequest, ...rest: unknown[]): void };
  const agent = new Agent({ keepAlive: true }) as Adding;
  // docker-modem makes a text of every request's options for its debug log, even where none is kept.
  Object.assign(agent, { [inspect.custom]: () => "the engine's agent" });
  const add = agent.addRequest.bind(agent);
  agent.addRequest = (request, ...rest) => {
    request.once("response", (response: IncomingMessage) => {
      response.on("error", (error) => request.emit("error", error));
    });
    add(request, ...rest);
  };
  return agent;
}

/**
 * What to tell of an error while the engine was asked: unavailable when the engine is the cause, and otherwise
 * what was thrown.
 */
export function engineFailure(thrown: unknown): unknown {
  const { statusCode } = thrown as { statusCode?: number };
  if (!engineWasLost(thrown) && statusCode === undefined) return thrown;
  return new Failure(ExitCode.unavailable, {
    what: engineWasLost(thrown) ? "the Docker engine went away" : "the Docker engine could not answer",
    seen: engineWords(thrown),
    next: "systemctl status docker, then run the same command again",
    cause: thrown,
  });
}

/** Whether an error says that there is no engine any more, as opposed to an answer that it gave. */
export function engineWasLost(thrown: unknown): boolean {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  return syscall === "connect" || ["ECONNRESET", "EPIPE"].includes(code ?? "");
}

/** The engine's own words where an error holds them, else the error's message. */
export function engineWords(thrown: unknown): string {
  const { json } = thrown as { json?: { message?: unknown } | null };
  return typeof json?.message === "string" ? json.message : messageOf(thrown);
}
