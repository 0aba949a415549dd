import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { pack } from "tar-fs";
import { containerName, LabContainer } from "../lab/container.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { RestartManner } from "../model/plan.ts";
import { until } from "../until.ts";
import { requireGuest } from "../vm/disk.ts";
import {
  daemonSettings,
  type HostOptions,
  ownFolder,
  packBelow,
  projectMounts,
  pruneSettings,
  unpack,
} from "./contents.ts";
import type { ExecResult, Host, Restarted } from "./host.ts";
import { newKeyPair } from "./key-pair.ts";
import { forwardSocket, SshConnection, type SshTarget } from "./ssh.ts";
import { initSwarm, nodeReady } from "./swarm.ts";

/** An emulated boot takes half a minute, and several times that where others want its processors, in milliseconds. */
const bootMs = 300_000;

/** What its container is in a lab. */
const role = "vm";

/** The keys of one machine: of its user root, in OpenSSH's format, and the public one of its SSH server. Secret. */
export type MachineKeys = Pick<SshTarget, "privateKey" | "hostKey">;

/**
 * What the machine gets of the processors where labs want them too, which get 1024 each: an engine that is emulated has
 * the same ten seconds for a TLS handshake as any other, and labs mostly wait.
 */
const share = 8192;

/**
 * Networks of the guest's engine. It does not see the lab's network, which has an engine's default addresses, and would
 * take the same for its own: the hub would then be out of reach. These are set aside for tests (RFC 2544).
 */
const guestNetworks = {
  bip: "198.18.0.1/24",
  "default-address-pools": [{ base: "198.19.0.0/16", size: 24 }],
};

/** Where the guest's engine listens. */
const engineSocket = "/run/docker.sock";

/** What a check of the file system after a power cut prints its exit code with, on a line of its own. */
const checkLog = "check.log";

/** From this exit code of e2fsck on, damage was left uncorrected (e2fsck(8)). */
const uncorrected = 4;

/** A virtual machine with a kernel of its own, in an ordinary container. It truly reboots. */
export class VmHost implements Host {
  readonly name: string;
  readonly folder = ownFolder;
  readonly docker: Docker;
  readonly #folder: string;
  readonly #container: Docker.Container;
  readonly #target: SshTarget;
  #ssh: SshConnection | undefined;
  #forward: AsyncDisposable | undefined;

  private constructor(
    { name, folder }: Pick<HostOptions, "name" | "folder">,
    container: Docker.Container,
    keys: MachineKeys,
  ) {
    this.name = name;
    this.#folder = folder;
    this.#container = container;
    this.#target = { socketPath: join(folder, "ssh.sock"), ...keys };
    this.docker = new Docker({ socketPath: this.#engineSocket });
  }

  /** Boots the machine and makes a swarm of one node. Throws a Failure when its engine does not come up. */
  static async start(options: HostOptions): Promise<VmHost> {
    const { outer, folder } = options;
    const guest = requireGuest();
    const [host, user] = [newKeyPair(), newKeyPair()];
    await writeSeed(join(folder, "seed"), {
      "/etc/ssh/ssh_host_ed25519_key": host.private,
      "/root/.ssh/authorized_keys": `${user.public}\n`,
      "/etc/pullproof/ca.pem": options.ca,
      "/etc/pullproof/prune.yaml": pruneSettings(options),
      "/etc/docker/daemon.json": daemonSettings(options, guestNetworks),
    });
    const container = new LabContainer(options, {
      name: role,
      script: new URL("vm-host.sh", import.meta.url),
      aliases: [],
      mounts: [{ source: guest, target: "/guest", mode: "ro" }, ...(await projectMounts(folder))],
    });
    container.withProcessorShare(share);
    const started = await (existsSync("/dev/kvm") ? container.withDevice("/dev/kvm") : container).start();
    const vm = new VmHost(options, outer.getContainer(started.getId()), {
      privateKey: user.private,
      hostKey: host.public,
    });
    try {
      await vm.#connect();
      await vm.#forwardEngine();
      await vm.#engineUp();
      await initSwarm(vm.docker);
      return vm;
    } catch (thrown) {
      await vm.close();
      throw thrown;
    }
  }

  /**
   * Takes over the machine of a controller that is gone, and returns when its SSH server answers, whether the machine
   * has rebooted by then or not. One whose power was cut and not given back is turned on.
   */
  static async attach(
    options: Pick<HostOptions, "name" | "folder" | "outer" | "lab">,
    keys: MachineKeys,
    manner: RestartManner,
  ): Promise<VmHost> {
    const container = options.outer.getContainer(containerName(options.lab, role));
    const { State } = await container.inspect();
    if (!State.Running && manner === "power-cut") await container.start();
    const vm = new VmHost(options, container, keys);
    try {
      await vm.#connect();
      await vm.#forwardEngine();
      return vm;
    } catch (thrown) {
      await vm.close();
      throw thrown;
    }
  }

  /** What it takes to take over the machine. Secret. */
  get keys(): MachineKeys {
    const { privateKey, hostKey } = this.#target;
    return { privateKey, hostKey };
  }

  /** ID of the container that it runs in, on the outer engine. */
  get container(): string {
    return this.#container.id;
  }

  /** What QEMU runs the guest by: `kvm`, or `tcg`, which is emulation. */
  async accelerator(): Promise<string> {
    return (await readFile(join(this.#folder, "accelerator"), "utf8")).trim();
  }

  exec(command: string[], env?: Record<string, string>): Promise<ExecResult> {
    return this.#connection.exec(command, env);
  }

  async copyIn(folder: string, target: string): Promise<void> {
    const { exitCode, stderr } = await this.#connection.exec(
      unpack,
      {},
      Readable.from(packBelow(target, folder)),
    );
    if (exitCode !== 0) throw new Error(`${target} could not be copied into the machine: ${stderr.trim()}`);
  }

  async restart(manner: RestartManner): Promise<Restarted> {
    switch (manner) {
      case "restart":
        await this.exec(["systemctl", "restart", "docker"]);
        return this.comeBack(manner);
      case "reboot":
        // The connection may end before the command does.
        await Promise.race([this.#askToReboot(), this.#connection.closed]);
        await this.#connection.closed;
        await this.#connect();
        return this.comeBack(manner);
      case "power-cut":
        await this.#container.kill({ signal: "SIGKILL" });
        await this.#container.wait();
        this.#connection.close();
        await this.#container.start();
        await this.#connect();
        return this.comeBack(manner);
    }
  }

  /** The second half of a restart: waits until engine and swarm are ready in a machine that can be reached again. */
  async comeBack(manner: RestartManner): Promise<Restarted> {
    await this.#engineUp();
    await nodeReady(this.docker, bootMs);
    return manner === "power-cut"
      ? checked(await readFile(join(this.#folder, checkLog), "utf8"))
      : { problem: null, output: null };
  }

  /** Ends the connection; the machine goes with what its run made. */
  async close(): Promise<void> {
    await this.#forward?.[Symbol.asyncDispose]();
    this.#ssh?.close();
  }

  get #connection(): SshConnection {
    if (this.#ssh === undefined) throw new Error("there is no connection to the machine");
    return this.#ssh;
  }

  /** This end of the way to the guest's engine. */
  get #engineSocket(): string {
    return join(this.#folder, "docker.sock");
  }

  async #forwardEngine(): Promise<void> {
    // A controller that was killed left its own.
    await rm(this.#engineSocket, { force: true });
    this.#forward = await forwardSocket(this.#engineSocket, () => this.#connection.reach(engineSocket));
  }

  /** A command that was cut off has been heard; one that refused has not. */
  async #askToReboot(): Promise<void> {
    const asked = await this.exec(["systemctl", "reboot"]).catch(() => null);
    if (asked !== null && asked.exitCode > 0)
      throw new Error(`the machine did not reboot: ${asked.stderr.trim()}`);
  }

  async #connect(): Promise<void> {
    await this.#awaited("an SSH server answers", async () => {
      this.#ssh = await SshConnection.open(this.#target);
    });
  }

  #engineUp(): Promise<void> {
    return this.#awaited("the engine answers", () => this.docker.ping());
  }

  /** Waits until an attempt succeeds. Throws a Failure with the end of the machine's console otherwise. */
  async #awaited(condition: string, attempt: () => Promise<unknown>): Promise<void> {
    try {
      await until(`${condition} in the virtual machine`, bootMs, async () => {
        const { State } = await this.#container.inspect();
        if (!State.Running) throw new Error(`its container ended with code ${State.ExitCode}`);
        return attempt().then(() => true as const, messageOf);
      });
    } catch (thrown) {
      const log = await this.#container.logs({ stdout: true, stderr: true, tail: 20 });
      const console = await readFile(join(this.#folder, "console.log"), "utf8").catch(() => "");
      throw new Failure(ExitCode.unavailable, {
        what: "the virtual machine did not come up",
        seen: [messageOf(thrown), log.toString(), ...console.split("\n").slice(-20)].join("\n"),
        next: "run this command again; npm run verify -- --quick does without the machine",
        cause: thrown,
      });
    }
  }
}

/** Writes the tar that the guest unpacks at its first boot, from texts by their paths. All of it is root's alone. */
async function writeSeed(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const mode = (header: { name: string; type?: string | null }) =>
    header.type === "directory" ? (header.name.startsWith("root") ? 0o700 : 0o755) : 0o600;
  const tar = pack(folder, { map: (header) => ({ ...header, uid: 0, gid: 0, mode: mode(header) }) });
  await writeFile(`${folder}.tar`, Readable.from(tar));
}

/** What e2fsck said, whose exit code is the last line. */
function checked(log: string): Restarted {
  const lines = log.trim().split("\n");
  const exitCode = Number(lines.at(-1));
  const output = `file system check: ${lines.slice(0, -1).join("; ")}`;
  if (exitCode < uncorrected) return { problem: null, output };
  return { problem: `the file system is damaged: e2fsck ended with code ${lines.at(-1)}`, output };
}
