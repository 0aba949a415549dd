import type Docker from "dockerode";
import type { Body } from "../model/evidence.ts";

/** The names of everything on the host that a deploy can make, images apart. */
export async function inventory(docker: Docker): Promise<Body<"inventory">> {
  const [services, containers, networks, volumes, secrets, configs] = await Promise.all([
    docker.listServices(),
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
    docker.listSecrets(),
    docker.listConfigs(),
  ]);
  return {
    services: names(services.map((service) => service.Spec?.Name)),
    containers: names(containers.map((container) => container.Names[0])),
    networks: names(networks.map((network) => network.Name)),
    volumes: names(volumes.Volumes.map((volume) => volume.Name)),
    secrets: names(secrets.map((secret) => secret.Spec?.Name)),
    configs: names(configs.map((config) => config.Spec?.Name)),
  };
}

function names(found: (string | undefined)[]): string[] {
  return found.map((name) => name ?? "(without a name)").sort();
}
