import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type ClientChannel, Client as SshClient } from "ssh2";
import type { ExecResult } from "./host.ts";
import { remoteLine } from "./remote-line.ts";

/** How a host is reached by SSH. */
export interface SshTarget {
  /** The unix socket that leads to the host's SSH server. */
  socketPath: string;
  /** In OpenSSH's format. */
  privateKey: string;
  /** The one host key that is accepted, as OpenSSH's public key file has it. */
  hostKey: string;
}

/** A server that has not said who it is by then is not up yet, in milliseconds. */
const bannerMs = 3_000;

/** An emulated machine takes seconds to shake hands, and more where others want its processors, in milliseconds. */
const readyMs = 60_000;

/** A machine that was turned off says nothing: without an answer for a minute the connection counts as closed. */
const keepalive = { keepaliveInterval: 10_000, keepaliveCountMax: 6 };

/** One SSH connection, over which commands run and sockets of the host are reached. */
export class SshConnection {
  readonly #client = new SshClient();
  readonly #socket: Socket;
  /** Resolves when the connection is closed, by whichever side. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // SSH knows no half-open connection, and what is still to be sent has no reader.
    socket.once("end", () => socket.destroy());
    this.closed = new Promise((resolve) => this.#client.once("close", () => resolve()));
    // What was under way fails by itself; without a listener the error would end the process.
    this.#client.on("error", () => {});
  }

  /** Connects once. Throws when the server is not up yet, or is not the one that is expected. */
  static async open(target: SshTarget): Promise<SshConnection> {
    const connection = new SshConnection(await answering(target.socketPath));
    try {
      await connection.#shakeHands(target);
      return connection;
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  }

  #shakeHands({ privateKey, hostKey }: SshTarget): Promise<void> {
    const expected = hostKey.split(" ")[1] ?? "";
    return new Promise((resolve, reject) => {
      this.#client.once("ready", resolve).once("error", reject);
      this.#client.once("close", () => reject(new Error("the connection was closed before it was ready")));
      this.#client.connect({
        sock: this.#socket,
        username: "root",
        privateKey,
        hostVerifier: (key: Buffer) => key.toString("base64") === expected,
        readyTimeout: readyMs,
        ...keepalive,
      });
    });
  }

  /**
   * Runs a command; `env` shows in no list of processes. A command that a signal or the connection's end cut off has the exit code -1. Throws when `input` fails.
   */
  async exec(command: string[], env: Record<string, string> = {}, input?: Readable): Promise<ExecResult> {
    const { line, variables } = remoteLine(command, env);
    const channel = await this.#run(line);
    // A quick command's exit code comes together with the answer that it runs: only the last event tells it for sure.
    const ended = new Promise<number>((resolve) =>
      channel.once("close", (code?: number | null) => resolve(code ?? -1)),
    );
    let failure: unknown;
    channel.write(variables);
    if (input === undefined) channel.end();
    else {
      input.on("error", (error) => {
        failure = error;
        channel.close();
      });
      channel.once("close", () => input.destroy());
      input.pipe(channel);
    }
    const [exitCode, stdout, stderr] = await Promise.all([ended, text(channel), text(channel.stderr)]);
    if (failure !== undefined) throw failure;
    return { exitCode, stdout, stderr };
  }

  #run(line: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) =>
      this.#client.exec(line, (error, channel) => (error === undefined ? resolve(channel) : reject(error))),
    );
  }

  /** A stream to a unix socket of the host. */
  reach(path: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) =>
      this.#client.openssh_forwardOutStreamLocal(path, (error, channel) =>
        error === undefined ? resolve(channel) : reject(error),
      ),
    );
  }

  close(): void {
    // The client's own destroy leaves a socket open whose writing side has ended.
    this.#socket.destroy();
  }
}

/** A connection on which an SSH server has said who it is; throws where none does in time. */
async function answering(socketPath: string): Promise<Socket> {
  const socket = createConnection(socketPath);
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(bannerMs)]);
  try {
    const [banner] = (await once(socket, "data", { signal })) as [Buffer];
    socket.pause();
    socket.unshift(banner);
    return socket;
  } catch (thrown) {
    socket.destroy();
    throw new Error(`no SSH server answered within ${bannerMs / 1000} s`, { cause: thrown });
  }
}

/**
 * Listens on a unix socket and joins each connection with a stream that `reach` opens; one that cannot be opened is
 * closed again. Closing the server cuts what is open.
 */
export async function forwardSocket(
  path: string,
  reach: () => Promise<ClientChannel>,
): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy());
    void join(socket, reach);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function join(socket: Socket, reach: () => Promise<ClientChannel>): Promise<void> {
  try {
    const channel = await reach();
    channel.on("error", () => socket.destroy()).on("close", () => socket.destroySoon());
    if (socket.destroyed) channel.destroy();
    socket.on("close", () => channel.destroy());
    socket.pipe(channel).pipe(socket);
  } catch {
    socket.destroy();
  }
}
