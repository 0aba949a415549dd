import { existsSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HostAway, type Link, readyAgain, rebootOver } from "../../../src/host/reboot.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

/** Long enough for whoever answers at once. */
const patience = 20_000;

/** Stands in for a machine and the connection to it: each attempt to reach it again finds the next of its states. */
class MachineDouble implements Link {
  up = true;
  boot = "first";
  readonly host = new HostDouble();
  readonly asked: string[] = [];
  attempts = 0;
  #states: (string | null)[] = [];

  /** What attempts find, one after the other: a boot, or null for nobody. The last state stays. */
  goesDown(...states: (string | null)[]): this {
    this.#states = states;
    this.host.answer(({ command }) => {
      const line = command.join(" ");
      if (line.startsWith("cat")) return { stdout: `${this.boot}\n` };
      this.asked.push(line);
      this.up = false;
      return {};
    });
    return this;
  }

  /** How each command ends that could reboot it. */
  refuses(...ends: { exitCode: number; stderr: string }[]): this {
    this.host.answer(({ command }) => {
      const line = command.join(" ");
      if (line.startsWith("cat")) return { stdout: `${this.boot}\n` };
      this.asked.push(line);
      return ends[this.asked.length - 1] ?? {};
    });
    return this;
  }

  async reconnect(): Promise<void> {
    this.attempts += 1;
    const state = this.#states.length > 1 ? this.#states.shift() : this.#states[0];
    if (state == null) throw new Error("connection refused");
    this.boot = state;
    // A machine that is still going down is reached, and gone again.
    this.up = state !== "first";
  }
}

describe("a host at the other end of a connection", () => {
  it("is rebooted as soon as the connection leads to another boot", async () => {
    const machine = new MachineDouble().goesDown(null, "second");
    await rebootOver(machine.host, machine, patience);
    expect(machine.asked).toEqual(["systemctl reboot"]);
    expect(machine.attempts).toBe(2);
  });

  it("is not taken for rebooted while it still goes down", async () => {
    const machine = new MachineDouble().goesDown("first", "first", "second");
    await rebootOver(machine.host, machine, patience);
    expect(machine).toMatchObject({ attempts: 3, boot: "second" });
  });

  it("is told by sudo, which asks nobody, where the login user may not", async () => {
    const machine = new MachineDouble().refuses({ exitCode: 1, stderr: "Access denied" });
    // What is asked is all that counts here; nobody comes back.
    await thrownBy(() => rebootOver(machine.host, machine, 0));
    expect(machine.asked).toEqual(["systemctl reboot", "sudo -n systemctl reboot"]);
  });

  it("that cuts off the command has heard it", async () => {
    const machine = new MachineDouble().refuses({ exitCode: 255, stderr: "closed by remote host" });
    expect(await thrownBy(() => rebootOver(machine.host, machine, 0))).toBeInstanceOf(HostAway);
    expect(machine.asked).toEqual(["systemctl reboot"]);
  });

  it("that refuses says what to allow, and is not waited for", async () => {
    const machine = new MachineDouble().refuses(
      { exitCode: 1, stderr: "Access denied\n" },
      { exitCode: 1, stderr: "sudo: a password is required\n" },
    );
    const thrown = await thrownBy(() => rebootOver(machine.host, machine, patience));
    expect(thrown).not.toBeInstanceOf(HostAway);
    expect(String(thrown)).toMatch(
      /Access denied; sudo: a password is required; allow .*sudo -n systemctl reboot/,
    );
    expect(machine.attempts).toBe(0);
  });

  it.each([
    ["nobody answers", null, /connection refused/],
    ["its boot stays the same", "first", /boot id first, before first|still there/],
  ])("is away when %s until the limit", async (_, state, says) => {
    const machine = new MachineDouble().goesDown(state);
    const thrown = await thrownBy(() => rebootOver(machine.host, machine, 0));
    expect(thrown).toBeInstanceOf(HostAway);
    expect(String(thrown)).toMatch(says);
  });

  it("is away when it never goes down", async () => {
    const machine = new MachineDouble().refuses({ exitCode: 0, stderr: "" });
    expect(await thrownBy(() => rebootOver(machine.host, machine, 0))).toBeInstanceOf(HostAway);
    expect(machine.attempts).toBe(0);
  });

  it("is not rebooted when nobody could tell afterwards", async () => {
    const machine = new MachineDouble();
    machine.host.answer(() => ({ exitCode: 1 }));
    expect(String(await thrownBy(() => rebootOver(machine.host, machine, patience)))).toMatch(/boot id/);
    expect(machine.host.done).toEqual([expect.stringContaining("boot_id")]);
  });
});

describe("a host that can be reached again", () => {
  /** A host whose commands this machine runs, with a temporary folder of its own. */
  async function back() {
    const engine = await EngineDouble.listen();
    engine.on("GET /_ping", () => ({ body: "OK" }));
    engine.on("GET /nodes", () => ({ body: [{ Status: { State: "ready" } }] }));
    const folder = join(tempFolder(), "pullproof-x");
    const host = { docker: engine.docker, folder, exec: (command: string[]) => runHere(command) };
    return { engine, folder, host };
  }

  it("gets its temporary folder again, under the same name, for its user alone", async () => {
    const { host, folder } = await back();
    await readyAgain(host, patience);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await readyAgain(host, patience);
    expect(existsSync(folder)).toBe(true);
  });

  it("uses no folder that somebody else has put there", async () => {
    const { host, folder } = await back();
    symlinkSync(tempFolder(), folder);
    expect(String(await thrownBy(() => readyAgain(host, patience)))).toMatch(/cannot be made again/);
  });

  it.each([
    ["engine", "GET /_ping", { status: 503, body: { message: "starting" } }],
    ["swarm", "GET /nodes", { body: [{ Status: { State: "down" } }] }],
  ])("is away as long as its %s is not ready", async (_, route, answer) => {
    const { engine, host, folder } = await back();
    engine.on(route, () => answer);
    expect(await thrownBy(() => readyAgain(host, 0))).toBeInstanceOf(HostAway);
    expect(existsSync(folder)).toBe(false);
  });
});
