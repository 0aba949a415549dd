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
