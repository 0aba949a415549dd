import { execFile } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import type { ExecResult, Host, Restarted } from "../../src/host/host.ts";
import type { RestartManner } from "../../src/model/plan.ts";
import { tempFolder } from "./temp.ts";

export interface Executed {
  command: string[];
  env: Record<string, string>;
}

type Answer = (executed: Executed) => Partial<ExecResult> | Promise<Partial<ExecResult>>;

/** Stands in for a host under test: notes every command, answers as told, and keeps what is copied to it. */
export class HostDouble implements Host {
  readonly name = "double";
  readonly folder = "/opt/pullproof";
  readonly docker: Docker;
  readonly executed: Executed[] = [];
  /** What was done, in order: `exec …`, `copy …`, `restart`. */
  readonly done: string[] = [];
  readonly #root = tempFolder();
  #answer: Answer = () => ({});
  /** How it comes back, and what happens to it meanwhile. */
  #restarted: (manner: RestartManner) => Partial<Restarted> = () => ({});

  /** Without an engine, whoever asks one fails. */
  constructor(docker?: Docker) {
    this.docker =
      docker ??
      new Proxy({} as Docker, {
        get: (_, name) => {
          throw new Error(`the host double has no engine to ask for ${String(name)}`);
        },
      });
  }

  /** What commands answer from now on; code 0 and no output where nothing is said. */
  answer(answer: Answer): this {
    this.#answer = answer;
    return this;
  }

  /** How it comes back from a restart from now on; whole where nothing is said. */
  comesBack(restarted: (manner: RestartManner) => Partial<Restarted>): this {
    this.#restarted = restarted;
    return this;
  }

  async exec(command: string[], env: Record<string, string> = {}): Promise<ExecResult> {
    this.executed.push({ command, env });
    this.done.push(`exec ${command.join(" ")}`);
    return { exitCode: 0, stdout: "", stderr: "", ...(await this.#answer({ command, env })) };
  }

  async copyIn(folder: string, target: string): Promise<void> {
    this.done.push(`copy ${target}`);
    mkdirSync(this.path(target), { recursive: true });
    cpSync(folder, this.path(target), { recursive: true, verbatimSymlinks: true });
  }

  async restart(manner: RestartManner): Promise<Restarted> {
    this.done.push(manner);
    return { problem: null, output: null, ...this.#restarted(manner) };
  }

  /** Where a path of the host lies on this machine. */
  path(onHost: string): string {
    return join(this.#root, onHost);
  }
}

/** Runs a command for real, on this machine. */
export function runHere(command: string[], env: NodeJS.ProcessEnv = {}): Promise<ExecResult> {
  const [file = "", ...words] = command;
  return new Promise((resolve) => {
    // A bash that thinks it was started by a network daemon reads the user's own files: SHLVL tells it better.
    const options = { env: { PATH: "/usr/bin:/bin", SHLVL: "1", ...env } };
    const child = execFile(file, words, options, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
