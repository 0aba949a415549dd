import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { LabContainer } from "../lab/container.ts";
import { labelsOf } from "../lab/labels.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { RestartManner } from "../model/plan.ts";
import { until } from "../until.ts";
import { grantableCapabilities } from "./capabilities.ts";
import {
  daemonSettings,
  type HostOptions,
  ownFolder,
  packBelow,
  projectMounts,
  pruneSettings,
} from "./contents.ts";
import { execIn } from "./exec.ts";
import type { ExecResult, Host, Restarted } from "./host.ts";
import { initSwarm, nodeReady } from "./swarm.ts";

export interface LabHostOptions extends HostOptions {
  /**
   * Size of a small file system of its own for the data root, in bytes, so that real disk pressure can be made; it
   * lives in memory and does not outlive a restart of the host. Null for a volume on the outer engine's disk.
   */
  dataRootBytes: number | null;
}

const engineStartMs = 60_000;

/** A Docker host inside a container. Its restart is one of the container: the kernel, and its boot id, stay. */
export class LabHost implements Host {
  readonly name: string;
  readonly folder = ownFolder;
  readonly docker: Docker;
  readonly #container: Docker.Container;

  private constructor(name: string, docker: Docker, container: Docker.Container) {
    this.name = name;
    this.docker = docker;
    this.#container = container;
  }

  /** Starts the host, with a swarm of one node. Throws a Failure when its engine does not come up. */
  static async start(options: LabHostOptions): Promise<LabHost> {
    const { run, lab, outer, folder } = options;
    const { dataRootBytes } = options;
    const [store, swarm] = [`${lab}-store`, `${lab}-swarm`];
    await outer.createVolume({
      Name: store,
      Labels: labelsOf(run),
      ...(dataRootBytes === null ? {} : inMemory(dataRootBytes)),
    });
    // The swarm's log alone takes 128 MB from the start: on a small file system there would be room for little else.
    if (dataRootBytes !== null) await outer.createVolume({ Name: swarm, Labels: labelsOf(run) });
    await writeFile(join(folder, "ca.pem"), options.ca);
    await writeFile(join(folder, "prune.yaml"), pruneSettings(options));
    await writeFile(join(folder, "daemon.json"), daemonSettings(options));
    const cgroups = (await outer.info()).CgroupVersion === "2";
    const container = new LabContainer(options, {
      name: "host",
      script: new URL("lab-host.sh", import.meta.url),
      aliases: [],
      mounts: [
        { source: store, target: "/var/lib/docker" },
        ...(dataRootBytes === null ? [] : [{ source: swarm, target: "/var/lib/docker/swarm" }]),
        ...(await projectMounts(folder)),
        // On cgroup v1 the engine inside makes its groups in the machine's own tree, as the outer one does.
        ...(cgroups ? [] : [{ source: "/sys/fs/cgroup", target: "/sys/fs/cgroup" }]),
      ],
    })
      .withAddedCapabilities(...grantableCapabilities())
      .withSecurityOpt("seccomp=unconfined", "apparmor=unconfined");
    const started = await (cgroups ? container.withPrivateCgroups() : container).start();
    const host = new LabHost(
      options.name,
      new Docker({ socketPath: join(folder, "docker.sock") }),
      outer.getContainer(started.getId()),
    );
    await host.#engineUp();
    await initSwarm(host.docker);
    return host;
  }

  /** ID of its container on the outer engine. */
  get container(): string {
    return this.#container.id;
  }

  exec(command: string[], env?: Record<string, string>): Promise<ExecResult> {
    return execIn(this.#container, command, env);
  }

  async copyIn(folder: string, target: string): Promise<void> {
    await this.#container.putArchive(Readable.from(packBelow(target, folder)), { path: "/" });
  }

  async restart(manner: RestartManner): Promise<Restarted> {
    if (manner !== "restart") throw new Error(`a lab host shares its kernel: it knows no ${manner}`);
    await this.#container.restart({ t: 30 });
    await this.#engineUp();
    await nodeReady(this.docker, engineStartMs);
    return { problem: null, output: null };
  }

  async #engineUp(): Promise<void> {
    try {
      await until("the engine of the lab host answers", engineStartMs, async () => {
        const { State } = await this.#container.inspect();
        if (!State.Running) throw new Error(`its container ended with code ${State.ExitCode}`);
        try {
          await this.docker.ping();
          return true;
        } catch (thrown) {
          return messageOf(thrown);
        }
      });
    } catch (thrown) {
      const log = await this.#container.logs({ stdout: true, stderr: true, tail: 20 });
      throw new Failure(ExitCode.unavailable, {
        what: "the engine of the lab host did not come up",
        seen: `${messageOf(thrown)}\n${log.toString()}`,
        next: "./setup, then run this command again",
        cause: thrown,
      });
    }
  }
}

/** Options of Docker's local volume driver for a tmpfs (https://docs.docker.com/engine/storage/volumes/). */
function inMemory(bytes: number): object {
  return { Driver: "local", DriverOpts: { type: "tmpfs", device: "tmpfs", o: `size=${bytes}` } };
}
