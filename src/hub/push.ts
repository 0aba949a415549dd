import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";
import type Docker from "dockerode";
import { followProgress } from "../lab/image.ts";

/**
 * Pushes an image of the outer engine to the registry behind the hub, under its repository and tag. The engine
 * reaches the registry through a door on loopback that is open only for the time of the push; engines speak
 * plain HTTP to 127.0.0.0/8 by default.
 */
export async function push(
  docker: Docker,
  image: string,
  repository: string,
  tag: string,
  registrySocket: string,
): Promise<void> {
  await using door = await openDoor(registrySocket);
  const repo = `127.0.0.1:${door.port}/${repository}`;
  const source = docker.getImage(image);
  await source.tag({ repo, tag });
  const target = docker.getImage(`${repo}:${tag}`);
  try {
    const stream = await target.push({ authconfig: { username: "", password: "", serveraddress: "" } });
    await followProgress(docker, stream);
  } finally {
    // Only the name that was added: the image itself keeps its own.
    await target.remove({ noprune: true });
  }
}

async function openDoor(registrySocket: string): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const registry = connect(registrySocket);
    for (const socket of [client, registry]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    // An end that is cut short is the engine's to report: the push fails with its error.
    pipeline(client, registry, client, () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
