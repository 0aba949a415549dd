import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import ssh2, { type ServerChannel } from "ssh2";
import { onTestFinished } from "vitest";
import { newKeyPair } from "../../src/host/key-pair.ts";
import type { SshTarget } from "../../src/host/ssh.ts";
import { tempFolder } from "./temp.ts";

const [hostKey, userKey] = [newKeyPair(), newKeyPair()];

/** A host key that is not the server's. */
export const otherHostKey: string = newKeyPair().public;

/** What listens on a unix socket until the test is over, and every connection that it has accepted. */
export async function listen(
  onConnection: (socket: Socket) => void,
): Promise<{ path: string; sockets: Socket[] }> {
  const path = join(tempFolder(), "ssh.sock");
  const sockets: Socket[] = [];
  // As a server that does not close just because the other side has said all that it had to say.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await once(server.listen(path), "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return { path, sockets };
}

/** How to reach what listens on a socket, as the machine that it should be. */
export const targetAt = (socketPath: string): SshTarget => ({
  socketPath,
  privateKey: userKey.private,
  hostKey: hostKey.public,
});

/** Stands in for a machine's SSH server, in this process: ssh2's own. */
export class SshServerDouble {
  /** Every command line that a shell was asked to run. */
  readonly lines: string[] = [];
  /** The unix sockets that were asked for. */
  readonly reached: string[] = [];
  /** The connections below SSH. */
  sockets: Socket[] = [];
  target: SshTarget = targetAt("");
  /** What a command line comes to. By default a shell on this machine runs it. */
  onCommand: (channel: ServerChannel, line: string) => void = runHere;
  /** What is done when somebody is about to run a command, who is let in only after that. */
  onSession: () => void = () => {};
  /** What a unix socket's other side does; refused where there is none. */
  onStream: ((channel: ServerChannel) => void) | undefined;

  static async listen(): Promise<SshServerDouble> {
    const double = new SshServerDouble();
    const publicKey = (ssh2.utils.parseKey(userKey.public) as ssh2.ParsedKey).getPublicSSH();
    // A client reaches sockets on OpenSSH alone.
    // It leaves it to the client to find out who is still there.
    const settings = { hostKeys: [hostKey.private], ident: "OpenSSH_9.9", keepaliveInterval: 1e9 };
    const server = new ssh2.Server(settings, (client) => {
      client.on("error", () => {});
      client.on("authentication", (asked) => {
        const known = asked.method === "publickey" && asked.key.data.equals(publicKey);
        if (known && asked.username === "root") asked.accept();
        else asked.reject(["publickey"]);
      });
      client.on("session", (accept) => {
        double.onSession();
        accept().on("exec", (acceptExec, _, { command }) => {
          double.lines.push(command);
          double.onCommand(acceptExec(), command);
        });
      });
      client.on("openssh.streamlocal", (accept, reject, { socketPath }) => {
        double.reached.push(socketPath);
        if (double.onStream === undefined) reject();
        else double.onStream(accept());
      });
    });
    const { path, sockets } = await listen((socket) => server.injectSocket(socket));
    double.sockets = sockets;
    double.target = targetAt(path);
    return double;
  }
}

function runHere(channel: ServerChannel, line: string): void {
  const child = spawn("sh", ["-c", line], { env: { PATH: "/usr/bin:/bin" } });
  channel.pipe(child.stdin);
  // A command need not read what it is given.
  child.stdin.on("error", () => {});
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  channel.on("close", () => child.kill("SIGKILL"));
  child.on("close", (code, signal) => {
    if (code === null) channel.exit(String(signal).replace("SIG", ""));
    else channel.exit(code);
    channel.end();
  });
}
