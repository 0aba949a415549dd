import type Docker from "dockerode";

/** Docker's own label on everything that `docker stack deploy` makes. */
const namespace = "com.docker.stack.namespace";

/** The filter that lists a stack's objects. */
export function ofStack(stack: string): { label: string[] } {
  return { label: [`${namespace}=${stack}`] };
}

/** What is left of a stack that should be gone, by kind and name; empty when nothing is. */
export async function leftOf(docker: Docker, stack: string): Promise<string[]> {
  const filters = ofStack(stack);
  const [services, tasks, containers, networks] = await Promise.all([
    docker.listServices({ filters }),
    docker.listTasks({ filters }),
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
  ]);
  return [
    ...services.map((service) => `service ${service.Spec?.Name}`),
    ...tasks.map((task) => `task ${task.ID}`),
    ...containers.map((container) => `container ${container.Names[0] ?? container.Id}`),
    ...networks.map((network) => `network ${network.Name}`),
  ];
}

/**
 * Everything on the host that a stack of this name would meet, by kind and name; empty where the name is free. Names
 * that begin as the stack's do count too: secrets, and what was made by hand, carry no label.
 */
export async function takenBy(docker: Docker, stack: string): Promise<string[]> {
  const [left, services, networks, { Volumes: volumes }, secrets, configs] = await Promise.all([
    leftOf(docker, stack),
    docker.listServices(),
    docker.listNetworks(),
    docker.listVolumes(),
    docker.listSecrets(),
    docker.listConfigs(),
  ]);
  const ofName = (kind: string, objects: readonly { name: string | undefined; labels: Labels }[]) =>
    objects
      .filter(({ name, labels }) => name?.startsWith(`${stack}_`) || labels?.[namespace] === stack)
      .map(({ name }) => `${kind} ${name}`);
  const bySpec = ({ Spec }: Named) => ({ name: Spec?.Name, labels: Spec?.Labels });
  const byName = ({ Name, Labels }: Named) => ({ name: Name, labels: Labels });
  const found = [
    ...left,
    ...ofName("service", services.map(bySpec)),
    ...ofName("network", networks.map(byName)),
    ...ofName("volume", volumes.map(byName)),
    ...ofName("secret", secrets.map(bySpec)),
    ...ofName("config", configs.map(bySpec)),
  ];
  return [...new Set(found)];
}

type Labels = Record<string, string> | null | undefined;

/** What the swarm made has its name and labels in a spec, and all else of the engine has them itself. */
interface Named {
  Name?: string | undefined;
  Labels?: Labels;
  Spec?: { Name?: string | undefined; Labels?: Labels } | undefined;
}
