import { Readable } from "node:stream";
import Docker from "dockerode";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { RestartManner } from "../model/plan.ts";
import { packBelow, unpack } from "./contents.ts";
import { type Address, type Endpoint, endpointOf, endpointTitle } from "./endpoint.ts";
import type { ExecResult, Host, Restarted } from "./host.ts";
import { askToReboot, HostAway, readyAgain, rebootOver } from "./reboot.ts";
import { openWay, type Way } from "./way.ts";

/** What is in /var/tmp outlives a reboot (FHS 3.0, 5.15): abra needs its app's files to take the app away afterwards. */
const folderPattern = "/var/tmp/pullproof-XXXXXXXX";

/**
 * An existing host. Everything runs there as the user who is logged in, or on this machine as the user who called: the
 * same `docker` and `abra`, with the same credentials, that this user's deploys have.
 */
export class LiveHost implements Host, AsyncDisposable {
  readonly name = "live";
  readonly docker: Docker;
  /** How it is reached, for a report. */
  readonly address: string;
  readonly folder: string;
  readonly #way: Way;

  private constructor(endpoint: Endpoint, way: Way, folder: string) {
    this.address = endpointTitle(endpoint);
    this.#way = way;
    this.folder = folder;
    this.docker = new Docker({ socketPath: way.socketPath });
  }

  /** Opens a live host and makes a temporary folder there. Throws a Failure when it cannot be reached or used. */
  static async open(address: Address): Promise<LiveHost> {
    const endpoint = await endpointOf(address);
    const way = await openWay(endpoint);
    try {
      await requireSameMachine(new Docker({ socketPath: way.socketPath }), way, endpointTitle(endpoint));
      const { exitCode, stdout, stderr } = await way.run(["mktemp", "-d", folderPattern]);
      if (exitCode !== 0) throw unusable(endpoint, `mktemp: ${stderr.trim()}`);
      return new LiveHost(endpoint, way, stdout.trim());
    } catch (thrown) {
      await way[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  /** The host of a run whose controller is gone, which had made the folder. Its engine may not be up yet. */
  static async attach(address: Address, folder: string): Promise<LiveHost> {
    const endpoint = await endpointOf(address);
    return new LiveHost(endpoint, await openWay(endpoint), folder);
  }

  /** Whether the host is this machine. */
  get local(): boolean {
    return this.#way.link === null;
  }

  exec(command: string[], env?: Record<string, string>): Promise<ExecResult> {
    return this.#way.run(command, env);
  }

  async copyIn(folder: string, target: string): Promise<void> {
    const { exitCode, stderr } = await this.#way.run(unpack, {}, Readable.from(packBelow(target, folder)));
    if (exitCode !== 0) throw new Error(`${target} could not be copied to the live host: ${stderr.trim()}`);
  }

  /** A connection from the host to another machine, as the engine would make it. */
  dial(host: string, port: number) {
    return this.#way.dial(host, port);
  }

  /** Throws HostAway where the host is this machine, and where it is not back in time. */
  async restart(manner: RestartManner): Promise<Restarted> {
    if (manner !== "reboot") throw new Error(`a live host is rebooted, and nothing else: ${manner}`);
    const { link } = this.#way;
    if (link === null) {
      await askToReboot(this);
      throw new HostAway("the host reboots, and this process ends with it");
    }
    await rebootOver(this, link);
    return this.comeBack();
  }

  /** The second half of a reboot: waits until a host is ready that can be reached again. Throws HostAway otherwise. */
  async comeBack(): Promise<Restarted> {
    await readyAgain(this);
    return { problem: null, output: null };
  }

  /** Ends the connection, and leaves the temporary folder to whoever goes on. */
  async leave(): Promise<void> {
    await this.#way[Symbol.asyncDispose]();
  }

  /** Takes back the temporary folder and ends the connection. Throws a Failure when the folder stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const { exitCode, stderr } = await this.#way.run(["rm", "-rf", this.folder]);
      if (exitCode !== 0) throw new Error(stderr.trim());
    } catch (thrown) {
      throw leftBehind(this.address, this.folder, thrown);
    } finally {
      await this.leave();
    }
  }
}

/** Opens the live host at an address. */
export function openLiveHost(address: Address): Promise<LiveHost> {
  return LiveHost.open(address);
}

/**
 * Throws a Failure unless the engine runs on the very machine where commands run: what the kernel there counts would be
 * somebody else's bytes otherwise.
 */
async function requireSameMachine(docker: Docker, way: Way, title: string): Promise<void> {
  let engine: string;
  try {
    engine = (await docker.info()).Name;
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the engine of the live host does not answer",
      seen: `${title}: ${messageOf(thrown)}`,
      next: "docker info there, as the same user",
      cause: thrown,
    });
  }
  const { stdout } = await way.run(["uname", "-n"]);
  if (stdout.trim() === engine) return;
  throw new Failure(ExitCode.unavailable, {
    what: "the engine runs on another machine than the one that can be looked at",
    seen: `${title}: the engine's machine is called ${engine}, commands run on ${stdout.trim()}`,
    next: "run pullproof on the engine's own machine, or name that as ssh://USER@HOST",
  });
}

function leftBehind(address: string, folder: string, cause: unknown): Failure {
  return new Failure(ExitCode.internal, {
    what: "the run's temporary folder could not be taken away from the live host",
    seen: `${address}: ${folder}: ${messageOf(cause)}`,
    next: `there: rm -rf ${folder}`,
    cause,
  });
}

function unusable(endpoint: Endpoint, seen: string): Failure {
  return new Failure(ExitCode.unavailable, {
    what: "no temporary folder can be made on the live host",
    seen: `${endpointTitle(endpoint)}: ${seen}`,
    next: "free space in /var/tmp there, and see to it that the user may write to it",
  });
}
