import type Docker from "dockerode";
import type { Body } from "../model/evidence.ts";
import { NotInTime, until } from "../until.ts";
import { ofStack } from "./stack-objects.ts";

type ServiceState = Body<"outcome">["services"][number];

/**
 * How many tasks of one service the engine may reject before the deploy counts as failed. A first rejection can
 * be the race between the pull and the start that operators know as "No such image"; swarm then tries again.
 */
const rejectionsAllowed = 2;

interface Task {
  ID: string;
  ServiceID: string;
  DesiredState: string;
  Status: { State: string; Err?: string; Message?: string; ContainerStatus?: { ContainerID?: string } };
  Spec: { ContainerSpec?: { Image?: string } };
}

interface Service {
  ID: string;
  Spec: {
    Name: string;
    Mode: { Replicated?: { Replicas?: number } };
    TaskTemplate: { ContainerSpec?: { Image?: string } };
  };
}

/** What a stack looked like when the wait for it ended. */
export interface Convergence {
  /** Null when every service is up; otherwise what is wrong, in one line. */
  problem: string | null;
  services: ServiceState[];
}

/**
 * Waits until every service of a stack runs as many tasks as it should, each of the image that the service now
 * names. Swarm reports a task as running only once its health check has passed. Ends early when tasks keep
 * being rejected, because swarm itself would try for ever.
 */
export async function converge(docker: Docker, stack: string, timeoutSeconds: number): Promise<Convergence> {
  let problem: string | null = null;
  try {
    await until(`every service of ${stack} is up`, timeoutSeconds * 1000, async () => {
      const { services, tasks } = await look(docker, stack);
      const rejected = services.find((service) => rejections(service, tasks).length > rejectionsAllowed);
      problem = rejected === undefined ? null : rejectionMessage(rejected, tasks);
      const waiting = services.filter((service) => !isUp(service, tasks));
      if (services.length === 0) return "no service";
      if (waiting.length === 0 || problem !== null) return true;
      return waiting.map((service) => describe(service, tasks)).join("; ");
    });
  } catch (thrown) {
    // Anything else leaves it unknown whether the stack came up, and is not for us to say.
    if (!(thrown instanceof NotInTime)) throw thrown;
    problem = thrown.message;
  }
  const { services, tasks } = await look(docker, stack);
  return { problem, services: await Promise.all(services.map((service) => state(docker, service, tasks))) };
}

async function look(docker: Docker, stack: string): Promise<{ services: Service[]; tasks: Task[] }> {
  const filters = ofStack(stack);
  const [services, tasks, containers] = await Promise.all([
    docker.listServices({ filters }),
    docker.listTasks({ filters }),
    docker.listContainers({ filters }),
  ]);
  // A swarm that has just come back remembers tasks as running whose containers went down with the machine.
  const alive = new Set(containers.map(({ Id }) => Id));
  return {
    services: services as unknown as Service[],
    tasks: (tasks as Task[]).filter(
      ({ Status }) => Status.State !== "running" || alive.has(Status.ContainerStatus?.ContainerID ?? ""),
    ),
  };
}

function imageOf(service: Service): string {
  return service.Spec.TaskTemplate.ContainerSpec?.Image ?? "";
}

function running(service: Service, tasks: readonly Task[]): Task[] {
  return tasks.filter(
    (task) =>
      task.ServiceID === service.ID &&
      task.DesiredState === "running" &&
      task.Status.State === "running" &&
      task.Spec.ContainerSpec?.Image === imageOf(service),
  );
}

function isUp(service: Service, tasks: readonly Task[]): boolean {
  return running(service, tasks).length >= (service.Spec.Mode.Replicated?.Replicas ?? 1);
}

function rejections(service: Service, tasks: readonly Task[]): Task[] {
  return tasks.filter((task) => task.ServiceID === service.ID && task.Status.State === "rejected");
}

function rejectionMessage(service: Service, tasks: readonly Task[]): string {
  const rejected = rejections(service, tasks);
  return `${service.Spec.Name}: ${rejected.length} tasks were rejected: ${rejected[0]?.Status.Err ?? "no reason given"}`;
}

function describe(service: Service, tasks: readonly Task[]): string {
  const states = tasks
    .filter((task) => task.ServiceID === service.ID)
    .map((task) => [task.Status.State, task.Status.Err].filter(Boolean).join(": "));
  return `${service.Spec.Name} (${[...new Set(states)].join(", ") || "no task"})`;
}

async function state(docker: Docker, service: Service, tasks: readonly Task[]): Promise<ServiceState> {
  const [task] = running(service, tasks);
  const container = task?.Status.ContainerStatus?.ContainerID;
  return {
    name: service.Spec.Name,
    image: imageOf(service),
    imageId: container === undefined ? null : (await docker.getContainer(container).inspect()).Image,
    running: isUp(service, tasks),
  };
}
