import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeScript } from "./temp.ts";

/** A machine that OpenSSH's client is to reach, over no network. */
export interface Reached {
  /** As what the client knows it. */
  name: string;
  /** In OpenSSH's format. */
  privateKey: string;
  /** The one host key that is accepted, as OpenSSH's public key file has it. */
  hostKey: string;
  /** The command whose standard input and output lead to the machine's SSH server. */
  proxy: string;
}

/** Writes what OpenSSH's client needs into a folder, and a client that reads just that. Returns the PATH that has it. */
export function sshClient(folder: string, { name, privateKey, hostKey, proxy }: Reached): string {
  const file = (of: string, text: string) => {
    const path = join(folder, of);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const config = file(
    "config",
    [
      `Host ${name}`,
      "  User root",
      `  IdentityFile ${file("key", privateKey)}`,
      "  IdentitiesOnly yes",
      `  UserKnownHostsFile ${file("known_hosts", `${name} ${hostKey}\n`)}`,
      "  StrictHostKeyChecking yes",
      `  ProxyCommand ${proxy}`,
      "",
    ].join("\n"),
  );
  writeScript(join(folder, "ssh"), `exec /usr/bin/ssh -F ${config} "$@"`);
  return `${folder}:${process.env.PATH}`;
}
