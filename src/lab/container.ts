import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { GenericContainer } from "testcontainers";
import { labelsOf } from "./labels.ts";

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

/** Where a container finds the folder that it shares with the controller. */
const shared = "/run/pullproof";

/**
 * A container of one run: labelled, on its lab's network and no other. testcontainers' own `withNetworkAliases`
 * would leave a second leg on the default bridge, which is a way out of the lab.
 */
export class LabContainer extends GenericContainer {
  constructor({ run, lab, image, folder }: LabPlace, { name, script, aliases, mounts }: LabRole) {
    super(image);
    const target = `/${name}.sh`;
    this.withName(`${lab}-${name}`)
      .withNetworkMode(lab)
      .withLabels(labelsOf(run))
      .withCopyFilesToContainer([{ source: fileURLToPath(script), target }])
      .withCommand(["sh", target, shared])
      .withBindMounts([{ source: folder, target: shared }, ...mounts]);
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [lab]: { Aliases: aliases } } };
  }

  /** cgroup v2 hosts give the container a cgroup tree of its own, in which its engine may make groups. */
  withPrivateCgroups(): this {
    // In the engine's API since 1.41; missing from the types of dockerode.
    Object.assign(this.hostConfig, { CgroupnsMode: "private" });
    return this;
  }
}
