import type { Host } from "../host/host.ts";

/** The kernel's answer to which way it would send a packet: `1.2.3.4 via 10.0.0.1 dev eth0 src 10.0.0.2 …`. */
const script = `
address=$(getent ahostsv4 "$1" | head -n 1 | cut -d' ' -f1)
[ -n "$address" ] || address=$(getent ahosts "$1" | head -n 1 | cut -d' ' -f1)
ip -oneline route get "$address"
`;

/** The interface over which a host reaches another. Throws when it cannot tell. */
export async function interfaceTo(host: Host, name: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", script, "route", name]);
  const found = / dev (\S+)/.exec(stdout)?.[1];
  if (exitCode === 0 && found !== undefined) return found;
  throw new Error(`no route to ${name}: ${`${stdout}${stderr}`.trim() || `code ${exitCode}`}`);
}
