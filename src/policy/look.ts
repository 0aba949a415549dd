import { constants } from "node:fs";
import { access, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { asFileSystem, type FileSystem } from "../model/pressure.ts";
import { ImageStore } from "../witness/images.ts";
import type { LocalEngine } from "./engine.ts";
import type { HostContainer, HostService, HostState } from "./model.ts";

/** All but the images: what can change from one removal to the next. */
export type Surroundings = Omit<HostState, "images">;

/** Where a containerd that the engine did not start keeps everything. */
const defaultContainerdRoot = "/var/lib/containerd";

/** Where a host is looked at besides its engine. */
export interface LookPlaces {
  containerdRoot?: string;
  /** Tells of the file system that holds a folder. */
  disk?: (folder: string) => Promise<FileSystem>;
}

/** Looks at one host, again and again. What it throws of its own is a Failure (unavailable). */
export class Look {
  readonly #engine: LocalEngine;
  readonly #images: ImageStore;
  readonly #pullFolders: PullFolder[];
  readonly #diskOf: (folder: string) => Promise<FileSystem>;

  constructor(
    engine: LocalEngine,
    { containerdRoot = defaultContainerdRoot, disk = diskOf }: LookPlaces = {},
  ) {
    this.#engine = engine;
    this.#images = new ImageStore(engine.docker);
    this.#pullFolders = pullFolders(engine, containerdRoot);
    this.#diskOf = disk;
  }

  /** Everything. */
  async whole(): Promise<HostState> {
    const [images, rest] = await Promise.all([this.#images.look(), this.surroundings()]);
    return { images, ...rest };
  }

  async surroundings(): Promise<Surroundings> {
    const { docker, manager } = this.#engine;
    const [containers, swarm, pulls, disk] = await Promise.all([
      listContainers(docker),
      manager ? swarmState(docker) : { services: [], tasksUnderway: [] },
      this.#pulls(),
      this.disk(),
    ]);
    return { containers, ...swarm, pulls, disk };
  }

  /** The file system of the data root. */
  disk(): Promise<FileSystem> {
    return this.#diskOf(this.#engine.dataRoot);
  }

  async #pulls(): Promise<string[]> {
    return (await Promise.all(this.#pullFolders.map(filesIn))).flat();
  }
}

/** What statfs tells of the file system that holds a folder. Throws a Failure when it tells nothing. */
export async function diskOf(folder: string): Promise<FileSystem> {
  const found = await statfs(folder).catch((thrown) => {
    throw unreadable(folder, thrown);
  });
  return asFileSystem(found);
}

/**
 * Throws a Failure (unavailable) unless the engine's data root is on this machine, and to be read and written by
 * this user: on a file system that turned read-only nothing can be freed.
 */
export async function requireDataRoot({ dataRoot }: LocalEngine): Promise<void> {
  await access(dataRoot, constants.R_OK | constants.X_OK).catch((thrown) => {
    throw unreadable(dataRoot, thrown);
  });
  await access(dataRoot, constants.W_OK).catch((thrown) => {
    const readOnly = (thrown as NodeJS.ErrnoException).code === "EROFS";
    throw new Failure(ExitCode.unavailable, {
      what: readOnly
        ? "the file system of the engine's data root is read-only"
        : "the engine's data root may not be written by this user",
      seen: messageOf(thrown),
      next: readOnly ? `dmesg, then mount -o remount,rw the file system of ${dataRoot}` : runAsRoot,
      cause: thrown,
    });
  });
}

const runAsRoot = "run the same command as root, on the engine's own machine";

function unreadable(folder: string, thrown: unknown): Failure {
  return new Failure(ExitCode.unavailable, {
    what: "the engine's data root cannot be looked at",
    seen: `${folder}: ${messageOf(thrown)}`,
    next: runAsRoot,
    cause: thrown,
  });
}

async function listContainers(docker: Docker): Promise<HostContainer[]> {
  const containers = await docker.listContainers({ all: true });
  return containers.map(({ Id, Names, State, ImageID, Image, Labels }) => ({
    id: Id,
    name: (Names[0] ?? Id).replace(/^\//, ""),
    state: State,
    imageId: ImageID,
    image: Image,
    task: Labels["com.docker.swarm.task.id"] !== undefined,
  }));
}

interface Task {
  ServiceID: string;
  Slot?: number;
  NodeID?: string;
  DesiredState: string;
  Status: { State: string };
}

/** States before `running`, in which a task may need its image any moment (swarmkit's api/types.proto). */
const underway = new Set(["new", "pending", "assigned", "accepted", "preparing", "ready", "starting"]);
/** Tasks that are wanted to end do not start any more. */
const ending = new Set(["shutdown", "remove"]);

/** Services and tasks, as a swarm's manager tells of them. Throws a Failure (unavailable) for an engine before 20.10. */
export async function swarmState(docker: Docker): Promise<Pick<HostState, "services" | "tasksUnderway">> {
  const [services, tasks] = await Promise.all([
    docker.listServices({ status: true }),
    docker.listTasks() as Promise<Task[]>,
  ]);
  const names = new Map(services.map(({ ID, Spec }) => [ID, Spec?.Name ?? ID]));
  return {
    services: services.map(serviceOf),
    tasksUnderway: tasks
      .filter(({ DesiredState, Status }) => underway.has(Status.State) && !ending.has(DesiredState))
      .map(({ ServiceID, Slot, NodeID, Status }) => {
        // Tasks of a global service have no slot: there is one on each node.
        return `${names.get(ServiceID) ?? ServiceID}.${Slot || (NodeID ?? "?")} (${Status.State})`;
      }),
  };
}

function serviceOf({ ID, Spec, PreviousSpec, ServiceStatus }: Docker.Service): HostService {
  if (ServiceStatus === undefined) {
    throw new Failure(ExitCode.unavailable, {
      what: "the engine is too old to tell whether its services are up",
      seen: `no status of service ${Spec?.Name ?? ID}; engines tell it since 20.10`,
      next: "upgrade the Docker engine",
    });
  }
  const { RunningTasks: running, DesiredTasks: desired } = ServiceStatus;
  // A job that is done runs no task, and wants none: its tasks under way say when it is at work.
  const job = Spec?.Mode !== undefined && ("ReplicatedJob" in Spec.Mode || "GlobalJob" in Spec.Mode);
  return {
    name: Spec?.Name ?? ID,
    image: imageOf(Spec) ?? "",
    previousImage: imageOf(PreviousSpec),
    desired: job ? running : desired,
    running,
  };
}

/** The image of a spec; null where there is no spec, or one of a plugin, which has no image. */
function imageOf(spec: Docker.Service["Spec"] | undefined): string | null {
  const template = spec?.TaskTemplate as { ContainerSpec?: { Image?: string } } | undefined;
  return template?.ContainerSpec?.Image ?? null;
}

/** A folder in which an engine keeps a file for as long as a pull is in flight. */
export interface PullFolder {
  path: string;
  /** What their names begin with. */
  prefix: string;
}

/** Where containerd keeps blobs that are on their way (containerd: plugins/content/local). */
const ingest = "io.containerd.content.v1.content/ingest";

/**
 * graphdriver keeps a layer in `tmp` below the data root until it is unpacked (moby: distribution/pull_v2.go);
 * containerd keeps blobs below its own root, which is the engine's where the engine started it. What an aborted
 * pull left there goes with its lease, after a day.
 */
export function pullFolders(
  { dataRoot, containerdStore }: Pick<LocalEngine, "dataRoot" | "containerdStore">,
  containerdRoot = defaultContainerdRoot,
): PullFolder[] {
  return [
    { path: join(dataRoot, "tmp"), prefix: "GetImageBlob" },
    { path: join(dataRoot, "containerd/daemon", ingest), prefix: "" },
    // Where containerd keeps no image of the engine's, its pulls are somebody else's.
    ...(containerdStore ? [{ path: join(containerdRoot, ingest), prefix: "" }] : []),
  ];
}

/** A folder that is not there holds no pull; one that cannot be read may hold any. */
async function filesIn({ path, prefix }: PullFolder): Promise<string[]> {
  try {
    const names = await readdir(path);
    return names.filter((name) => name.startsWith(prefix)).map((name) => join(path, name));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(path, thrown);
  }
}
