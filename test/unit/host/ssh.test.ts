import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import type { ClientChannel, ServerChannel } from "ssh2";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { newKeyPair } from "../../../src/host/key-pair.ts";
import { forwardSocket, SshConnection } from "../../../src/host/ssh.ts";
import { listen, otherHostKey, SshServerDouble, targetAt } from "../../support/ssh-server.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

async function connected(): Promise<{ server: SshServerDouble; ssh: SshConnection; below: Socket }> {
  const server = await SshServerDouble.listen();
  const ssh = await SshConnection.open(server.target);
  onTestFinished(() => ssh.close());
  return { server, ssh, below: server.sockets[0] as Socket };
}

/** Resolves when a socket is closed, if it is not yet. */
const gone = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once("close", () => resolve())));

/** Resolves when whoever has connected holds nothing open: to one that has merely said all, a word could be sent. */
async function letGo(socket: Socket | undefined): Promise<void> {
  if (socket === undefined) throw new Error("nobody has connected");
  if (!socket.readableEnded && !socket.closed)
    await Promise.race([new Promise((resolve) => socket.resume().once("end", resolve)), gone(socket)]);
  socket.write("?");
  await gone(socket);
}

/** Input that never ends by itself. */
async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.alloc(100_000);
  }
}

describe("a command", () => {
  it("gives its output, its errors and its exit code", async () => {
    const { ssh } = await connected();
    const ended = await ssh.exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(ended).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
  });

  it.each([0, 3])("that ends at once gives its exit code as well: %i", async (code) => {
    const { server, ssh } = await connected();
    // All in one packet with the answer that it runs.
    server.onCommand = (channel) => {
      channel.exit(code);
      channel.end();
    };
    expect(await ssh.exec(["true"])).toEqual({ exitCode: code, stdout: "", stderr: "" });
  });

  it("that a signal ends has no exit code of its own", async () => {
    const { server, ssh } = await connected();
    server.onCommand = (channel) => {
      channel.write("half");
      channel.exit("KILL");
      channel.end();
    };
    expect(await ssh.exec(["cat"])).toEqual({ exitCode: -1, stdout: "half", stderr: "" });
  });

  it("gets its words as they are", async () => {
    const { ssh } = await connected();
    const words = [
      "two words",
      "",
      "it's",
      '"quoted"',
      "$HOME `id` \\ * ; & | > <",
      "two\nlines",
      "ä€",
      "-n",
    ];
    const { stdout } = await ssh.exec(["printf", "[%s]", ...words]);
    expect(stdout).toBe(words.map((word) => `[${word}]`).join(""));
  });

  it("gets its environment, which no command line shows", async () => {
    const { server, ssh } = await connected();
    const env = { TOKEN: "it's $ecret\n`two` lines", OTHER: "ä€", EMPTY: "" };
    const script = 'printf "%s|%s|%s|%s" "$TOKEN" "$OTHER" "$EMPTY" "$1"; test -n "$PATH"';
    const { exitCode, stdout } = await ssh.exec(["sh", "-uc", script, "sh", "$TOKEN"], env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${env.TOKEN}|${env.OTHER}||$TOKEN` });
    expect(server.lines).toEqual([expect.not.stringMatching(/ecret|ä€/)]);
  });

  it("reads the end of its input at once where it is given none", async () => {
    const { ssh } = await connected();
    expect(await ssh.exec(["cat"])).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await ssh.exec(["cat"], { A: "b" })).toMatchObject({ exitCode: 0, stdout: "" });
  });

  it("is piped its input, to the byte, more of it than a window takes", async () => {
    const { ssh } = await connected();
    const parts = Array.from({ length: 50 }, (_, n) => Buffer.alloc(100_003, n));
    const { stdout, exitCode } = await ssh.exec(["sha256sum"], {}, Readable.from(parts));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(createHash("sha256").update(Buffer.concat(parts)).digest("hex"));
  });

  it("is piped its input after its environment, of which nothing is run or lost", async () => {
    const { ssh } = await connected();
    const input = Readable.from(["touch /nonexistent/x\n", "more $(id)"]);
    const { stdout, stderr } = await ssh.exec(["sh", "-c", 'echo "$A"; cat'], { A: "ä" }, input);
    expect({ stdout, stderr }).toEqual({ stdout: "ä\ntouch /nonexistent/x\nmore $(id)", stderr: "" });
  });

  it("may end before it has read its input, which then ends too", async () => {
    const { ssh } = await connected();
    const input = Readable.from(endless());
    expect(await ssh.exec(["sh", "-c", "exit 4"], {}, input)).toMatchObject({ exitCode: 4 });
    expect(input.destroyed).toBe(true);
  });

  it("is cut off when its input fails, and the failure is not hidden", async () => {
    const { ssh } = await connected();
    const broken = async function* () {
      yield "the beginning";
      throw new Error("no such file");
    };
    await expect(ssh.exec(["cat"], {}, Readable.from(broken()))).rejects.toThrow("no such file");
    expect(await ssh.exec(["echo", "still here"])).toMatchObject({ stdout: "still here\n" });
  });

  it("runs beside others", async () => {
    const { ssh } = await connected();
    const ended = await Promise.all([1, 2, 3, 4].map((n) => ssh.exec(["sh", "-c", `echo ${n}; exit ${n}`])));
    expect(ended.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
      [1, 2, 3, 4].map((n) => [n, `${n}\n`]),
    );
  });
});

describe("a server", () => {
  it("is refused when its host key is not the expected one, and nothing stays open", async () => {
    const server = await SshServerDouble.listen();
    const wrong = { ...server.target, hostKey: otherHostKey };
    await expect(SshConnection.open(wrong)).rejects.toThrow(/host/i);
    await letGo(server.sockets[0]);
    expect(server.lines).toEqual([]);
  });

  it.each(["", "ssh-ed25519", "ssh-ed25519 "])(
    "is refused where no host key is expected: %j",
    async (hostKey) => {
      const server = await SshServerDouble.listen();
      await expect(SshConnection.open({ ...server.target, hostKey })).rejects.toThrow(/host/i);
      await letGo(server.sockets[0]);
    },
  );

  it("is known by its key, whatever the comment behind it", async () => {
    const server = await SshServerDouble.listen();
    const ssh = await SshConnection.open({ ...server.target, hostKey: `${server.target.hostKey} root@vm` });
    expect(await ssh.exec(["true"])).toMatchObject({ exitCode: 0 });
    ssh.close();
  });

  it("that refuses the user is left, and nothing stays open", async () => {
    const server = await SshServerDouble.listen();
    const { private: privateKey } = newKeyPair();
    await expect(SshConnection.open({ ...server.target, privateKey })).rejects.toThrow("authentication");
    await letGo(server.sockets[0]);
  });

  it("that is not there is an error", async () => {
    const nowhere = targetAt(join(tempFolder(), "none.sock"));
    const thrown = await thrownBy(() => SshConnection.open(nowhere));
    expect(thrown).toMatchObject({ message: expect.stringContaining("no SSH server answered") });
    expect(thrown).toMatchObject({ cause: { code: "ENOENT" } });
  });

  it("that never says who it is is given up, and nothing stays open", async () => {
    const patience = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(patience.signal);
    onTestFinished(() => timeout.mockRestore());
    const { path, sockets } = await listen(() => patience.abort());
    await expect(SshConnection.open(targetAt(path))).rejects.toThrow("no SSH server answered");
    await letGo(sockets[0]);
    expect(timeout).toHaveBeenCalledOnce();
  });

  it.each(["end", "destroy"] as const)("that hangs up (%s) at once is an error", async (how) => {
    const { path, sockets } = await listen((socket) => void socket[how]());
    await expect(SshConnection.open(targetAt(path))).rejects.toThrow("no SSH server answered");
    await letGo(sockets[0]);
  });

  it.each(["end", "destroy"] as const)("that hangs up (%s) after its name is an error", async (how) => {
    const { path, sockets } = await listen((socket) => {
      socket.write("SSH-2.0-OpenSSH_9.9\r\n");
      socket.once("data", () => socket[how]());
    });
    await expect(SshConnection.open(targetAt(path))).rejects.toThrow();
    await letGo(sockets[0]);
  });

  it("that says its name and nothing more is given up, and nothing stays open", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { path, sockets } = await listen((socket) => {
      socket.write("SSH-2.0-OpenSSH_9.9\r\n");
      socket.once("data", () => vi.advanceTimersByTime(10 * 60_000));
    });
    await expect(SshConnection.open(targetAt(path))).rejects.toThrow("handshake");
    await letGo(sockets[0]);
  });

  it("of another version is an error, and nothing stays open", async () => {
    const { path, sockets } = await listen((socket) => void socket.write("SSH-1.5-ancient\r\n"));
    await expect(SshConnection.open(targetAt(path))).rejects.toThrow("identification");
    await letGo(sockets[0]);
  });

  it("that is no SSH server is an error, and nothing stays open", async () => {
    const { path, sockets } = await listen((socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const failed = expect(SshConnection.open(targetAt(path))).rejects.toThrow();
    // SSH lets a server say other things first: it is the end of the connection that tells.
    await vi.waitUntil(() => sockets.length > 0);
    sockets[0]?.end();
    await failed;
    await letGo(sockets[0]);
  });
});

describe("the connection", () => {
  it.each(["end", "destroy"] as const)("is closed when the other side goes away (%s)", async (how) => {
    const { ssh, below } = await connected();
    below[how]();
    await ssh.closed;
    await gone(below);
    await expect(ssh.exec(["true"])).rejects.toThrow("Not connected");
    await expect(ssh.reach("/run/x.sock")).rejects.toThrow("Not connected");
  });

  it("is closed when the other side only ends, though it reads nothing of what it was sent", async () => {
    const { server, ssh, below } = await connected();
    server.onCommand = () => void below.pause();
    let chunks = 0;
    const input = async function* () {
      for await (const chunk of endless()) {
        chunks += 1;
        yield chunk;
      }
    };
    const running = ssh.exec(["cat"], {}, Readable.from(input()));
    // More than a socket takes that nobody reads.
    await vi.waitUntil(() => chunks > 15);
    below.end();
    await ssh.closed;
    expect(await running).toMatchObject({ exitCode: -1 });
  });

  it("is closed by ourselves, which ends it for the other side", async () => {
    const { ssh, below } = await connected();
    ssh.close();
    await Promise.all([ssh.closed, letGo(below)]);
    ssh.close();
  });

  it("counts a machine that says nothing for a minute as gone", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { ssh, below } = await connected();
    let closed = false;
    void ssh.closed.then(() => {
      closed = true;
    });
    below.pause();
    vi.advanceTimersByTime(59_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    vi.advanceTimersByTime(60_000);
    await ssh.closed;
  });

  it.each(["end", "destroy"] as const)("takes the commands under way with it (%s)", async (how) => {
    const { server, ssh, below } = await connected();
    let begun = 0;
    server.onCommand = (channel) => {
      channel.write("half");
      begun += 1;
      if (begun === 2) setImmediate(() => below[how]());
    };
    const ended = await Promise.all([ssh.exec(["sleep", "1d"]), ssh.exec(["cat"], { A: "b" })]);
    for (const { exitCode } of ended) expect(exitCode).toBe(-1);
    await ssh.closed;
  });

  it("takes a command with it that is being given its input", async () => {
    const { server, ssh, below } = await connected();
    server.onCommand = (channel) => void channel.once("data", () => below.destroy());
    const input = Readable.from(endless());
    expect(await ssh.exec(["cat"], {}, input)).toMatchObject({ exitCode: -1 });
    expect(input.destroyed).toBe(true);
  });

  it("takes a command with it that the other side has not even begun", async () => {
    const { server, ssh, below } = await connected();
    server.onSession = () => below.destroy();
    expect(await thrownBy(() => ssh.exec(["true"]))).toBeInstanceOf(Error);
    await ssh.closed;
  });
});

describe("a forwarded socket", () => {
  /** A forwarded socket, and a client that has connected to it, with the other side's end. */
  async function forwarded() {
    const { server, ssh, below } = await connected();
    const channels: ServerChannel[] = [];
    const { promise: reached, resolve } = Promise.withResolvers<ServerChannel>();
    server.onStream = (channel) => {
      channels.push(channel);
      resolve(channel);
    };
    const path = join(tempFolder(), "forward.sock");
    const forward = await forwardSocket(path, () => ssh.reach("/run/docker.sock"));
    onTestFinished(() => forward[Symbol.asyncDispose]());
    const client = createConnection({ path, allowHalfOpen: true });
    client.on("error", () => {});
    onTestFinished(() => void client.destroy());
    return { server, ssh, below, path, forward, client, channels, channel: await reached };
  }

  it("reaches the socket that was asked for, to the byte in both directions", async () => {
    const { server, client, channel } = await forwarded();
    expect(server.reached).toEqual(["/run/docker.sock"]);
    const sent = Array.from({ length: 60 }, (_, n) => Buffer.alloc(100_003, n));
    channel.pipe(channel);
    Readable.from(sent).pipe(client);
    expect(Buffer.concat(sent).equals(await buffer(client))).toBe(true);
  });

  it("joins each connection with a stream of its own", async () => {
    const { path, client, channel, channels } = await forwarded();
    const other = createConnection({ path, allowHalfOpen: true });
    await vi.waitUntil(() => channels.length === 2);
    channels[1]?.end("to the second");
    channel.end("to the first");
    expect(await Promise.all([text(client), text(other)])).toEqual(["to the first", "to the second"]);
  });

  it("passes on that the client has said all, and still brings the answer", async () => {
    const { client, channel } = await forwarded();
    client.end("question");
    expect(await text(channel)).toBe("question");
    channel.end("answer");
    expect(await text(client)).toBe("answer");
  });

  it("passes on that the other side has said all, and still takes what the client says", async () => {
    const { client, channel } = await forwarded();
    channel.write("first word");
    (channel as unknown as { eof(): void }).eof();
    expect(await text(client)).toBe("first word");
    client.end("last word");
    expect(await text(channel)).toBe("last word");
  });

  it("ends for the other side when the client breaks off, and is closed by the next word to it", async () => {
    const { client, channel } = await forwarded();
    const closed = once(channel, "close");
    client.destroy();
    expect(await text(channel)).toBe("");
    channel.write("anybody?");
    await closed;
  });

  it("closes the client when the other side closes", async () => {
    const { client, channel } = await forwarded();
    channel.close();
    expect(await text(client)).toBe("");
    client.end();
    await gone(client);
  });

  it.each(["end", "destroy"] as const)("closes the client when the connection ends (%s)", async (how) => {
    const { client, channel, below } = await forwarded();
    channel.write("hello");
    await once(client, "data");
    const more = setInterval(() => client.write("more"), 0);
    below[how]();
    client.resume();
    await vi.waitUntil(() => client.readableEnded || client.closed);
    clearInterval(more);
    client.end();
    await gone(client);
  });

  it("closes a client at once whose other side cannot be reached, and serves the next", async () => {
    const { server, path, client } = await forwarded();
    const { onStream } = server;
    server.onStream = undefined;
    const refused = createConnection(path);
    refused.on("error", () => {});
    await gone(refused);
    expect(client.closed).toBe(false);
    server.onStream = onStream;
    const next = createConnection(path);
    await vi.waitUntil(() => server.reached.length === 3);
    next.destroy();
  });

  it.each<[string, () => Promise<ClientChannel>]>([
    ["later", () => Promise.reject(new Error("no connection"))],
    [
      "at once",
      () => {
        throw new Error("no connection");
      },
    ],
  ])("closes a client where there is no connection, which shows %s", async (_, reach) => {
    const path = join(tempFolder(), "forward.sock");
    await using _forward = await forwardSocket(path, reach);
    const client = createConnection(path);
    client.on("error", () => {});
    await gone(client);
  });

  it("leaves no stream to a client that went before it was there", async () => {
    const { server, ssh } = await connected();
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    server.onStream = (channel) => void channel.resume().once("close", close);
    const path = join(tempFolder(), "forward.sock");
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    const forward = await forwardSocket(path, async () => {
      ask();
      await until;
      return ssh.reach("/run/docker.sock");
    });
    createConnection(path);
    await asked;
    // Cuts the client, whose stream is not there yet.
    await forward[Symbol.asyncDispose]();
    go();
    await closed;
  });

  it("is cut when it is disposed of, with what is open, and listens no more", async () => {
    const { client, channel, forward, path } = await forwarded();
    const closed = Promise.all([once(channel.resume(), "close"), gone(client.resume())]);
    client.on("end", () => client.end());
    await forward[Symbol.asyncDispose]();
    await closed;
    expect(existsSync(path)).toBe(false);
    const late = createConnection(path);
    await expect(once(late, "connect")).rejects.toThrow("ENOENT");
  });

  it("cannot be made where something is already", async () => {
    const { path } = await listen(() => {});
    await expect(forwardSocket(path, () => Promise.reject(new Error("never")))).rejects.toThrow("EADDRINUSE");
  });
});
