import { GenericContainer } from "testcontainers";
import { labels } from "./labels.ts";

/**
 * A container of one run: labelled, on the run's own network and no other, under a name that the network's DNS
 * answers for each alias. testcontainers' own `withNetworkAliases` would leave a second leg on the default
 * bridge, which is a way out of the lab.
 */
export class LabContainer extends GenericContainer {
  constructor(image: string, run: string, network: string, aliases: string[]) {
    super(image);
    this.withNetworkMode(network);
    this.withLabels({ [labels.own]: "true", [labels.run]: run });
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [network]: { Aliases: aliases } } };
  }

  /** cgroup v2 hosts give the container a cgroup tree of its own, in which its engine may make groups. */
  withPrivateCgroups(): this {
    // In the engine's API since 1.41; missing from the types of dockerode.
    Object.assign(this.hostConfig, { CgroupnsMode: "private" });
    return this;
  }
}
