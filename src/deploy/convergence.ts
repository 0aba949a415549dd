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

/**
 * Ends of an update after which a service names again what it named before (UpdateStatus of the engine's API). One that
 * is `paused` names what it was told to, and its tasks show whether they got there.
 */
const takenBack: ReadonlySet<string> = new Set(["rollback_paused", "rollback_completed"]);

/** Swarm watches new tasks for a while before it calls an update complete; until then it may take it back. */
const updating: ReadonlySet<string> = new Set(["updating", "rollback_started"]);

interface Task {
  ID: string;
  ServiceID: string;
  DesiredState: string;
  Status: { State: string; Err?: string; Message?: string; ContainerStatus?: { ContainerID?: string } };
  Spec: { ContainerSpec?: { Image?: string } };
}

interface Service {
  ID: string;
  /** How the last update goes; the next one resets it, and a service that was just made has none. */
  UpdateStatus?: { State?: string; Message?: string } | null;
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

interface Stack {
  services: Service[];
  tasks: Task[];
}

/**
 * Waits until every service of a stack runs as many tasks as it should, each of the image that the service now
 * names, and swarm is done with updating it. Swarm reports a task as running only once its health check has passed.
 * Ends early when tasks keep being rejected, because swarm itself would try for ever, and when swarm has taken an
 * update back: then every task runs as the service names it, but it names what was there before.
 */
export async function converge(docker: Docker, stack: string, timeoutSeconds: number): Promise<Convergence> {
  let problem: string | null = null;
  try {
    await until(`every service of ${stack} is up`, timeoutSeconds * 1000, async () => {
      const seen = await look(docker, stack);
      problem = failed(seen);
      return problem !== null || (waitingFor(seen) ?? true);
    });
  } catch (thrown) {
    // Anything else leaves it unknown whether the stack came up, and is not for us to say.
    if (!(thrown instanceof NotInTime)) throw thrown;
    problem = thrown.message;
  }
  return { problem, services: await states(docker, await look(docker, stack)) };
}

/** The same at one look, without a wait. */
export async function standing(docker: Docker, stack: string): Promise<Convergence> {
  const seen = await look(docker, stack);
  return { problem: failed(seen) ?? waitingFor(seen), services: await states(docker, seen) };
}

/** Why a stack will not come up as it was deployed, however long one waits; null when it may. */
function failed({ services, tasks }: Stack): string | null {
  for (const service of services) {
    const { State = "", Message = "" } = service.UpdateStatus ?? {};
    if (takenBack.has(State)) return `${service.Spec.Name}: swarm took its update back: ${State}: ${Message}`;
    if (rejections(service, tasks).length > rejectionsAllowed) return rejectionMessage(service, tasks);
  }
  return null;
}

/** What is still missing until a stack is up; null when nothing is. */
function waitingFor({ services, tasks }: Stack): string | null {
  if (services.length === 0) return "no service";
  const waiting = services.filter((service) => !isUp(service, tasks) || isUpdating(service));
  return waiting.length === 0 ? null : waiting.map((service) => describe(service, tasks)).join("; ");
}

async function look(docker: Docker, stack: string): Promise<Stack> {
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

function isUpdating({ UpdateStatus }: Service): boolean {
  return updating.has(UpdateStatus?.State ?? "");
}

function rejections(service: Service, tasks: readonly Task[]): Task[] {
  return tasks.filter((task) => task.ServiceID === service.ID && task.Status.State === "rejected");
}

function rejectionMessage(service: Service, tasks: readonly Task[]): string {
  const rejected = rejections(service, tasks);
  return `${service.Spec.Name}: ${rejected.length} tasks were rejected: ${rejected[0]?.Status.Err ?? "no reason given"}`;
}

function describe(service: Service, tasks: readonly Task[]): string {
  const said = tasks
    .filter((task) => task.ServiceID === service.ID)
    .map((task) => [task.Status.State, task.Status.Err].filter(Boolean).join(": "));
  const { State: update = "" } = service.UpdateStatus ?? {};
  return `${service.Spec.Name} (${[...new Set(said)].join(", ") || "no task"}${update && `; ${update}`})`;
}

function states(docker: Docker, { services, tasks }: Stack): Promise<ServiceState[]> {
  return Promise.all(services.map((service) => state(docker, service, tasks)));
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
