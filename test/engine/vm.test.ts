import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canRunGuest } from "../../src/vm/spec.ts";
import { imageStore } from "../../src/witness/images.ts";
import { machineState } from "../../src/witness/machine.ts";
import { startTestLab, type TestLab } from "./lab.ts";

const image = { repository: "pullproof/web", tag: "1.0.0", variant: "a" };

/** Emulated and beside other work: a boot may take minutes. */
const patience = 900_000;

describe.runIf(canRunGuest)("a virtual machine", { timeout: patience }, () => {
  let own: TestLab;
  beforeAll(async () => {
    own = await startTestLab("graphdriver", "vm");
    await own.lab.hub.publish("web", image);
  }, patience);
  afterAll(() => own?.[Symbol.asyncDispose]());

  const onHost = async (...command: string[]) => {
    const { exitCode, stdout, stderr } = await own.lab.host.exec(command);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return stdout.trim();
  };
  const look = () => machineState(own.lab.host, own.lab.interfaceName, "/var/lib/docker");

  test("has a kernel, a service manager and control groups of its own", async () => {
    const { clock } = await look();
    expect(clock.bootId).not.toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    expect(await onHost("ps", "--pid", "1", "--format", "comm=")).toBe("systemd");
    expect(await onHost("stat", "--file-system", "--format", "%T", "/sys/fs/cgroup")).toBe("cgroup2fs");
    expect(await onHost("systemctl", "--failed", "--plain", "--no-legend")).toBe("");
  });

  test("reboots truly, and what it pulled as the account is there afterwards", async () => {
    const { host, hub } = own.lab;
    await onHost("docker", "pull", "--quiet", `${image.repository}:${image.tag}`);
    await hub.front.idle();
    const accounts = hub.front.ledger.since(0).flatMap(({ account }) => account ?? []);
    expect(new Set(accounts)).toEqual(new Set([own.account.name]));
    const [before, kept] = [await look(), await imageStore(host.docker)];
    const asked = performance.now();
    expect(await host.restart("reboot")).toEqual({ problem: null, output: null });
    const [after, found] = [await look(), await imageStore(host.docker)];
    expect(after.clock.bootId).not.toBe(before.clock.bootId);
    expect(after.clock.uptimeSeconds).toBeLessThan((performance.now() - asked) / 1000);
    expect(found).toEqual(kept);
    expect(kept.images).toHaveLength(1);
  });
});
