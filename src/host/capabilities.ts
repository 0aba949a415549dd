import { readFileSync } from "node:fs";

/** Linux capabilities by bit, as linux/capability.h numbers them, without the CAP_ prefix. */
const names = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
] as const;

/**
 * The capabilities that this machine can give to a container: those of the bounding set. `--privileged` asks
 * for all of them and fails where the machine withholds one. PERFMON, BPF and CHECKPOINT_RESTORE are left out:
 * engine 20.10 does not know them, and an engine in a container does without.
 */
export function grantableCapabilities(status = readFileSync("/proc/self/status", "utf8")): string[] {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return names.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}
