import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ssh2 from "ssh2";
import type { Host } from "../../src/host/host.ts";
import { outerEngineAddress } from "../../src/lab/outer-engine.ts";

/** As what a lab host is known to OpenSSH, and to Docker's client as a context. */
export const sshName = "lab-under-test";

/**
 * Makes a lab host reachable by OpenSSH's own client and server, over no network: the server runs for one connection at
 * a time, in the container. What it takes lies in `folder`. Returns the environment in which a program finds the host.
 */
export async function reachBySsh(host: Host, container: string, folder: string): Promise<NodeJS.ProcessEnv> {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const [server, user] = [
    ssh2.utils.generateKeyPairSync("ed25519"),
    ssh2.utils.generateKeyPairSync("ed25519"),
  ];
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
  const config = file(
    "config",
    [
      `Host ${sshName}`,
      "  User root",
      `  IdentityFile ${file("key", user.private)}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${file("known_hosts", `${sshName} ${server.public}\n`)}`,
      "  StrictHostKeyChecking yes",
      `  ProxyCommand docker -H ${await outerEngineAddress()} exec -i ${container} ${sshd}`,
      "",
    ].join("\n"),
  );
  const ssh = file("ssh", `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`);
  chmodSync(ssh, 0o700);
  const dockerConfig = join(folder, "docker");
  const context = ["context", "create", sshName, "--docker", `host=ssh://${sshName}`];
  execFileSync("docker", context, { env: { ...process.env, DOCKER_CONFIG: dockerConfig }, stdio: "ignore" });
  // The hub's authority, which the host itself trusts.
  const { stdout: authorities } = await host.exec(["cat", "/etc/ssl/certs/ca-certificates.crt"]);
  return {
    PATH: `${folder}:${process.env.PATH}`,
    DOCKER_CONFIG: dockerConfig,
    NODE_EXTRA_CA_CERTS: file("authorities.pem", authorities),
  };
}
