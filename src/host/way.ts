import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { atMost } from "../at-most.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { until } from "../until.ts";
import { addressWithoutPassword } from "../without-passwords.ts";
import type { Endpoint } from "./endpoint.ts";
import { CutOff, type ExecResult } from "./host.ts";
import { processStream, runProcess } from "./process.ts";
import type { Link } from "./reboot.ts";
import { remoteLine } from "./remote-line.ts";

/** How a live host is reached. */
export interface Way extends AsyncDisposable {
  /** A unix socket of this machine that leads to the host's engine. */
  readonly socketPath: string;
  /** What a reboot of the host ends; null where the host is this machine, and goes down with this process. */
  readonly link: Link | null;
  /** Runs a command on the host. `env` shows in no list of processes there. Throws when how it ended is unknown. */
  run(command: readonly string[], env?: Record<string, string>, input?: Readable): Promise<ExecResult>;
  /** A connection from the host to another machine. */
  dial(host: string, port: number): Duplex;
}

/** Opens the way to an endpoint. Throws a Failure when nobody answers there. */
export async function openWay(endpoint: Endpoint): Promise<Way> {
  return endpoint.kind === "local" ? new LocalWay(endpoint.socketPath) : SshWay.open(endpoint);
}

/** This machine itself. */
class LocalWay implements Way {
  readonly socketPath: string;
  readonly link = null;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  run(command: readonly string[], env: Record<string, string> = {}, input?: Readable): Promise<ExecResult> {
    const [file = "", ...words] = command;
    // Docker's own tools have to talk to the engine that is judged, whatever the user's shell says.
    const { DOCKER_CONTEXT: _, ...rest } = process.env;
    const engine = { DOCKER_HOST: `unix://${this.socketPath}` };
    return runProcess(file, words, { env: { ...rest, ...engine, ...env } }, { rest: input }).catch(
      notFound(file),
    );
  }

  dial(host: string, port: number): Duplex {
    return connect({ host, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A program that is not there is an answer, too: the code with which a shell gives it. */
const notFound = (file: string) => (thrown: NodeJS.ErrnoException) => {
  if (thrown.code !== "ENOENT") throw thrown;
  return { exitCode: 127, stdout: "", stderr: `${file}: not found` };
};

/** How long a connection may take to come up, in seconds and milliseconds. */
const connectSeconds = 30;
const connectMs = 60_000;

/** What ssh(1) ends with when the connection fails: how the command ended, and whether it began, is unknown then. */
const cutOff = 255;

/** Commands at a time over one connection: sshd allows ten (sshd_config(5), MaxSessions). */
const sessions = 8;

/**
 * A machine that OpenSSH's own client reaches, with the user's settings, keys and known hosts, as Docker's client does.
 * One connection carries everything.
 */
class SshWay implements Way, Link {
  readonly socketPath: string;
  readonly #folder: string;
  readonly #destination: readonly string[];
  readonly #atOnce = atMost(sessions);
  #master: ReturnType<typeof spawn> | undefined;

  private constructor(folder: string, { destination, port }: Extract<Endpoint, { kind: "ssh" }>) {
    this.#folder = folder;
    this.#destination = [...(port === null ? [] : ["-p", port]), "--", destination];
    this.socketPath = join(folder, "docker.sock");
  }

  static async open(endpoint: Extract<Endpoint, { kind: "ssh" }>): Promise<SshWay> {
    const way = new SshWay(await mkdtemp(join(tmpdir(), "pullproof-")), endpoint);
    try {
      await way.#connect();
      await way.#forward();
      return way;
    } catch (thrown) {
      await way[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async run(
    command: readonly string[],
    env: Record<string, string> = {},
    input?: Readable,
  ): Promise<ExecResult> {
    const { line, variables } = remoteLine(command, env);
    const words = [...this.#shared, "-T", ...this.#destination, line];
    const ended = await this.#atOnce(() => runProcess("ssh", words, {}, { first: variables, rest: input }));
    if (ended.exitCode !== cutOff && ended.exitCode >= 0) return ended;
    throw new CutOff(
      `the command was cut off: ${ended.stderr.trim() || "the connection to the host is gone"}`,
    );
  }

  dial(host: string, port: number): Duplex {
    return processStream("ssh", [...this.#shared, "-W", `${host}:${port}`, ...this.#destination]);
  }

  get link(): Link {
    return this;
  }

  get up(): boolean {
    return this.#master !== undefined && this.#master.exitCode === null && this.#master.signalCode === null;
  }

  async reconnect(): Promise<void> {
    await this.#hangUp();
    // A client that was killed leaves its sockets, and OpenSSH takes none that is there.
    await Promise.all([this.#control, this.socketPath].map((path) => rm(path, { force: true })));
    await this.#connect();
    await this.#forward();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hangUp();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #hangUp(): Promise<void> {
    if (this.#master === undefined || !this.up) return;
    const exited = once(this.#master, "exit");
    this.#master.kill();
    await exited;
  }

  get #control(): string {
    return join(this.#folder, "ssh");
  }

  /** Options of a client that uses the connection that is there. */
  get #shared(): string[] {
    return ["-S", this.#control, "-o", "ControlMaster=no", ...asked];
  }

  async #connect(): Promise<void> {
    const words = ["-M", "-N", "-S", this.#control, ...asked, ...this.#destination];
    // An interrupt from the terminal reaches every process in front of it, and cleaning up takes the connection.
    const patient = ["-c", `trap "" INT; exec ssh "$@"`, "ssh", ...words];
    const master = spawn("sh", patient, { stdio: ["ignore", "ignore", "pipe"] });
    this.#master = master;
    const complaint = text(master.stderr);
    const gone = new Promise<string>((resolve) => {
      master.once("error", (error) => resolve(error.message));
      master.once("exit", (code) => resolve(`ssh ended with code ${code}`));
    });
    let ended: string | undefined;
    void gone.then((how) => {
      ended = how;
    });
    try {
      await until("there is an SSH connection", connectMs, async () => {
        if (ended !== undefined) throw new Error(ended);
        const check = [...this.#shared, "-O", "check", ...this.#destination];
        return (await runProcess("ssh", check)).exitCode === 0 ? true : "none yet";
      });
    } catch (thrown) {
      master.kill();
      throw new Failure(ExitCode.unavailable, {
        what: "the live host cannot be reached",
        seen: [(await complaint).trim(), thrown instanceof Error ? thrown.message : String(thrown)].join(
          "\n",
        ),
        next: `ssh ${this.#destination.join(" ")} true; it has to work without a question (keys in an agent, a known host key)`,
        cause: thrown,
      });
    }
  }

  async #forward(): Promise<void> {
    const inspect = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
    const failed = (seen: string) =>
      new Failure(ExitCode.unavailable, {
        what: "the engine of the live host cannot be reached",
        seen,
        next: `ssh ${this.#destination.join(" ")} docker info`,
      });
    const { exitCode, stdout, stderr } = await this.run(inspect).catch((thrown) => {
      throw failed(messageOf(thrown));
    });
    const address = stdout.trim();
    if (exitCode !== 0) throw failed(stderr.trim());
    if (!address.startsWith("unix:///"))
      throw failed(
        `Docker's client there talks to ${addressWithoutPassword(address)}, which is no unix socket`,
      );
    const there = address.slice("unix://".length);
    const forward = [
      ...this.#shared,
      "-O",
      "forward",
      "-L",
      `${this.socketPath}:${there}`,
      ...this.#destination,
    ];
    const asked = await runProcess("ssh", forward);
    if (asked.exitCode !== 0) throw failed(asked.stderr.trim());
  }
}

/** Nobody is asked for anything, and a connection whose other end is gone counts as closed after a minute. */
const asked = [
  ...["-o", "BatchMode=yes"],
  ...["-o", `ConnectTimeout=${connectSeconds}`],
  ...["-o", "ServerAliveInterval=10"],
  ...["-o", "ServerAliveCountMax=6"],
];
