import type Docker from "dockerode";
import type { RestartManner } from "../model/plan.ts";

/**
 * What a host under test is made of: an engine inside a container, a machine of its own with its own kernel, or a server
 * that exists already and is not the run's own.
 */
export type HostKind = "lab" | "vm" | "live";

/** How a command on the host under test ended. */
export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** How a host came back. */
export interface Restarted {
  /** What is wrong with it, in one sentence: damage that a check of its file system found. */
  problem: string | null;
  /** What that check said, where one was made. */
  output: string | null;
}

/** The Docker host that a run judges. */
export interface Host {
  /** As it appears in evidence: `lab`. */
  readonly name: string;
  /** The folder on the host below which a run puts its files. */
  readonly folder: string;
  /** The engine API of the host under test. Everything that is measured about the engine goes through it. */
  readonly docker: Docker;
  /**
   * Runs a command on the host as root and waits for its end. `env` is added to the environment and is the way
   * to hand over a secret: it shows in no process list of the host.
   */
  exec(command: string[], env?: Record<string, string>): Promise<ExecResult>;
  /** Copies the content of a local folder into a folder on the host, which is made. */
  copyIn(folder: string, target: string): Promise<void>;
  /**
   * Starts the host anew and returns when its engine answers again and its swarm is ready. Throws for a manner that
   * the host's kind does not know, and when it does not come back.
   */
  restart(manner: RestartManner): Promise<Restarted>;
}

/** A command went with the connection to its host: how it ended, and whether it began, is unknown. */
export class CutOff extends Error {
  override readonly name = "CutOff";
}
