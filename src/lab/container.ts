import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { GenericContainer } from "testcontainers";
import { labelsOf } from "./labels.ts";
import { sharedFolder } from "./names.ts";

/** Where a container of a lab belongs. */
export interface LabPlace {
  run: string;
  /** The lab's network, and the beginning of the names of all that it makes on the outer engine. */
  lab: string;
  /** The engine that carries the lab. */
  outer: Docker;
  image: string;
  /** A folder of this container's own, which only the controller's user can enter; its path must be short. */
  folder: string;
}

/** What distinguishes one container of a lab from the other. */
export interface LabRole {
  name: string;
  /** The shell script that it runs, with the path of the shared folder as its argument. */
  script: URL;
  /** Names with which the network's DNS answers for it. */
  aliases: string[];
  /** Mounts beyond the shared folder. */
  mounts: { source: string; target: string; mode?: "ro" }[];
}

/** The name of a lab's container, by its role. */
export const containerName = (lab: string, role: string): string => `${lab}-${role}`;

/**
 * A container of one run: labelled, on its lab's network and no other. testcontainers' own `withNetworkAliases`
 * would leave a second leg on the default bridge, which is a way out of the lab.
 */
export class LabContainer extends GenericContainer {
  constructor({ run, lab, image, folder }: LabPlace, { name, script, aliases, mounts }: LabRole) {
    super(image);
    const target = `/${name}.sh`;
    this.withName(containerName(lab, name))
      .withNetworkMode(lab)
      .withLabels(labelsOf(run))
      .withCopyFilesToContainer([{ source: fileURLToPath(script), target }])
      .withCommand(["sh", target, sharedFolder])
      .withBindMounts([{ source: folder, target: sharedFolder }, ...mounts]);
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [lab]: { Aliases: aliases } } };
  }

  /** Gives the container a device of this machine. */
  withDevice(path: string): this {
    const device = { PathOnHost: path, PathInContainer: path, CgroupPermissions: "rwm" };
    Object.assign(this.hostConfig, { Devices: [device] });
    return this;
  }

  /** Gives the container a larger share of the processors, where others want them too; the usual weight is 1024. */
  withProcessorShare(weight: number): this {
    Object.assign(this.hostConfig, { CpuShares: weight });
    return this;
  }

  /** cgroup v2 hosts give the container a cgroup tree of its own, in which its engine may make groups. */
  withPrivateCgroups(): this {
    // In the engine's API since 1.41; missing from the types of dockerode.
    Object.assign(this.hostConfig, { CgroupnsMode: "private" });
    return this;
  }
}
