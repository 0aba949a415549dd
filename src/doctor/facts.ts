import type { Login } from "../host/credentials.ts";
import type { Body } from "../model/evidence.ts";
import type { FileSystem } from "../model/pressure.ts";
import type { HostState } from "../policy/model.ts";
import type { HubAnswer } from "../witness/rate-limit.ts";

/** What was seen, or why it could not be. */
export type Seen<T> = { seen: T } | { unseen: string };

/** What a run on the host would need. */
export interface Asked {
  /** The account that pulls are expected to run as. */
  account: string;
  /** Whether a deploy is to send registry credentials. */
  registryAuth: boolean;
  deployer: "auto" | "abra" | "stack";
  /** Name of the run's stack. */
  stack: string;
  /** How many pulls of Docker Hub's budget the plan may take at most; null where no plan is known. */
  pulls: number | null;
}

/** The engine, with the ID by which it can be told from another. */
export type EngineFacts = Body<"environment">["engine"] & { id: string };

/** What stands between the engine and docker.io; `insecure` where the engine takes anybody for docker.io. */
export type PullPathFacts = Body<"environment">["pullPath"] & { insecure: boolean };

/** The engine as its swarm sees it. */
export interface SwarmFacts {
  /** As the engine calls it: `inactive`, `active`, `locked` … */
  state: string;
  manager: boolean;
  /** Nodes of the swarm, this one included; 0 where that is not known. */
  nodes: number;
  /** Whether the swarm gives tasks to this node (`ready`, `active`); null where nobody may ask. */
  node: { state: string; availability: string } | null;
}

/** Clocks in milliseconds since the epoch. */
export interface ClockFacts {
  host: number;
  /** Ours, right before and right after. */
  before: number;
  after: number;
}

/** What is known of the abra that is installed on the host. */
export interface AbraFound {
  /** Where it lies; null where there is none. */
  path: string | null;
  /** Null where it does not answer as abra does. */
  version: string | null;
  /** Whether its command lines were seen in use; left out where nobody asked. */
  known?: boolean;
  /** What keeps it from being relied on, each in one sentence. */
  problems: readonly string[];
}

/** The docker client on the host, which deploys with `docker stack deploy`. */
export interface ClientFacts {
  version: string;
  /** ID of the engine that it speaks with. */
  engine: string;
  /** Names, never values, of the variables that lead it elsewhere or change how it pulls. */
  variables: string[];
}

/** Services that are on their way somewhere. */
export type ServicesFacts = Pick<HostState, "services" | "tasksUnderway"> & {
  /** Services with an update that is not over, as `name (state)`. */
  updating: string[];
};

/** The policy's run lock: held by nobody, by runs that share it, or by a prune alone. */
export interface LockFacts {
  path: string;
  held: "by nobody" | "shared" | "alone";
}

/** What docker.io answered, and our clock at that moment, in milliseconds since the epoch. */
export interface HubFacts extends HubAnswer {
  /** Whom it was asked as; null for nobody. */
  as: string | null;
  at: number;
}

/** The login without its secret. */
export type LoginFacts =
  | Exclude<Login, { kind: "found" }>
  | Omit<Extract<Login, { kind: "found" }>, "secret">;

/** Everything that one look at a live host tells. It holds no secret. */
export interface HostFacts {
  asked: Asked;
  engine: Seen<EngineFacts>;
  swarm: Seen<SwarmFacts>;
  disk: Seen<FileSystem>;
  clock: Seen<ClockFacts>;
  abra: Seen<AbraFound>;
  /** `unusable` where it is missing, or has no engine to speak with: what it said. */
  client: Seen<ClientFacts | { unusable: string }>;
  login: Seen<LoginFacts>;
  hub: Seen<HubFacts>;
  pullPath: Seen<PullPathFacts>;
  services: Seen<ServicesFacts>;
  lock: Seen<LockFacts>;
  /** Files that show that a pull is in flight. */
  pulls: Seen<string[]>;
  /** Processes on the host that deploy or pull, as `docker stack deploy (process 17)`. */
  deploys: Seen<string[]>;
  /** What already has the stack's name, by kind and name. */
  taken: Seen<string[]>;
}
