import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { openWay, type Way } from "../../../src/host/way.ts";
import { until } from "../../../src/until.ts";
import { sshClient } from "../../support/ssh-client.ts";
import { SshServerDouble } from "../../support/ssh-server.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

/** What a shell of OpenSSH's is asked on the way to the engine. */
const engineAt = "unix:///run/there.sock";

/** A way by OpenSSH's own client to ssh2's server, over a unix socket. */
async function bySsh(): Promise<{ server: SshServerDouble; way: Way }> {
  const server = await SshServerDouble.listen();
  const { privateKey, hostKey, socketPath } = server.target;
  const folder = tempFolder();
  const relay = `const socket = require("node:net").connect("${socketPath}"); process.stdin.pipe(socket).pipe(process.stdout)`;
  writeTree(folder, { "relay.cjs": relay });
  const proxy = `${process.execPath} ${join(folder, "relay.cjs")}`;
  const PATH = sshClient(folder, { name: "machine", privateKey, hostKey, proxy });
  // What a context says of the engine there; everything else is a shell's.
  const shell = server.onCommand;
  server.onCommand = (channel, line) => {
    if (!line.includes("'docker'")) return shell(channel, line);
    channel.write(`${engineAt}\n`);
    channel.exit(0);
    channel.end();
  };
  server.onStream = (channel) => channel.end("the engine");
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("PATH", PATH);
  const way = await openWay({ kind: "ssh", destination: "machine", port: null });
  onTestFinished(() => way[Symbol.asyncDispose]());
  return { server, way };
}

async function engineSays(way: Way): Promise<string> {
  const socket = createConnection(way.socketPath);
  await once(socket, "connect");
  return text(socket);
}

describe("a way by ssh", { timeout: 60_000 }, () => {
  const missing = spawnSync("/usr/bin/ssh", ["-V"]).status !== 0;
  beforeEach(({ skip }) => skip(missing, "OpenSSH's client is missing"));

  it("knows when its connection is gone, and leads to the same places once it is made anew", async () => {
    const { server, way } = await bySsh();
    const { link, socketPath } = way;
    if (link === null) throw new Error("no link");
    expect(link.up).toBe(true);
    expect(await engineSays(way)).toBe("the engine");
    for (const socket of server.sockets) socket.destroy();
    await until("the connection is gone", 20_000, async () => (link.up ? "there" : true));
    await link.reconnect();
    expect(link.up).toBe(true);
    expect(way.socketPath).toBe(socketPath);
    expect(await engineSays(way)).toBe("the engine");
    expect(await way.run(["echo", "again"])).toMatchObject({ exitCode: 0, stdout: "again\n" });
  });

  it("says who does not answer as long as nobody does", async () => {
    const { server, way } = await bySsh();
    server.onSession = () => {
      for (const socket of server.sockets) socket.destroy();
    };
    await expect(way.link?.reconnect()).rejects.toThrow(/the engine of the live host cannot be reached/);
  });
});

it("there is no connection to the machine itself that a reboot could end and leave us", async () => {
  await using way = await openWay({ kind: "local", socketPath: "/none" });
  expect(way.link).toBeNull();
});
