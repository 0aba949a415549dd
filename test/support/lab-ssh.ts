import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../../src/host/host.ts";
import { newKeyPair } from "../../src/host/key-pair.ts";
import type { MachineKeys } from "../../src/host/vm.ts";
import { outerEngineAddress } from "../../src/lab/outer-engine.ts";
import { sshClient } from "./ssh-client.ts";

/** As what a lab host is known to OpenSSH, and to Docker's client as a context. */
export const sshName = "lab-under-test";

/**
 * Makes a lab host reachable by OpenSSH's own client and server, over no network: the server runs for one connection at
 * a time, in the container. What it takes lies in `folder`. Returns the environment in which a program finds the host.
 */
export async function reachBySsh(host: Host, container: string, folder: string): Promise<NodeJS.ProcessEnv> {
  const [server, user] = [newKeyPair(), newKeyPair()];
  const keys = join(folder, "keys");
  mkdirSync(keys);
  writeFileSync(join(keys, "host_key"), server.private, { mode: 0o600 });
  writeFileSync(join(keys, "authorized_keys"), `${user.public}\n`, { mode: 0o600 });
  await host.copyIn(keys, "/etc/pullproof-ssh");
  const prepared = "mkdir -p /run/sshd; chown -R root:root /etc/pullproof-ssh; chmod 700 /etc/pullproof-ssh";
  await host.exec(["sh", "-euc", prepared]);
  const sshd = [
    "/usr/sbin/sshd -i -f /dev/null -h /etc/pullproof-ssh/host_key",
    "-o AuthorizedKeysFile=/etc/pullproof-ssh/authorized_keys -o PermitRootLogin=yes",
  ].join(" ");
  const PATH = sshClient(folder, {
    name: sshName,
    privateKey: user.private,
    hostKey: server.public,
    proxy: `docker -H ${await outerEngineAddress()} exec -i ${container} ${sshd}`,
  });
  const dockerConfig = join(folder, "docker");
  const context = ["context", "create", sshName, "--docker", `host=ssh://${sshName}`];
  execFileSync("docker", context, { env: { ...process.env, DOCKER_CONFIG: dockerConfig }, stdio: "ignore" });
  return { PATH, DOCKER_CONFIG: dockerConfig, NODE_EXTRA_CA_CERTS: await authorities(host, folder) };
}

/** The same for a virtual machine, whose own SSH server is behind a unix socket. */
export async function reachMachine(
  host: Host,
  socket: string,
  keys: MachineKeys,
  folder: string,
): Promise<NodeJS.ProcessEnv> {
  const PATH = sshClient(folder, { name: sshName, ...keys, proxy: `socat - UNIX-CONNECT:${socket}` });
  return { PATH, NODE_EXTRA_CA_CERTS: await authorities(host, folder) };
}

/** The file with the hub's authority, which the host itself trusts. */
async function authorities(host: Host, folder: string): Promise<string> {
  const { stdout } = await host.exec(["cat", "/etc/ssl/certs/ca-certificates.crt"]);
  const path = join(folder, "authorities.pem");
  writeFileSync(path, stdout);
  return path;
}
