import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Halves what the start of each process costs. */
const compileCache = fileURLToPath(new URL("../../node_modules/.cache/pullproof", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A pullproof that was started. */
export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Where pullproof is called: an empty working directory, a home and a folder for temporary files of its own. */
export class CommandLine {
  readonly cwd: string;
  readonly #root: string;
  readonly #env: NodeJS.ProcessEnv;

  /** Without `env` there is no abra, and DOCKER_HOST leads nowhere: no test reaches an engine by accident. */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#root = tempFolder();
    this.cwd = join(this.#root, "cwd");
    for (const name of ["cwd", "tmp", "home"]) mkdirSync(join(this.#root, name));
    this.#env = {
      PATH: "/usr/bin:/bin",
      HOME: join(this.#root, "home"),
      TMPDIR: join(this.#root, "tmp"),
      DOCKER_HOST: `unix://${this.#root}/no-engine.sock`,
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: compileCache,
      ...env,
    };
  }

  async run(...words: string[]): Promise<Ended> {
    return this.start(...words).ended;
  }

  /** Starts pullproof, and does not wait for its end. It does not outlive the test. */
  start(...words: string[]): Running {
    const child = spawn(process.execPath, [main, ...words], {
      cwd: this.cwd,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return {
      child,
      ended: ended.then(([stdout, stderr, [code]]) => ({ code, stdout, stderr })),
    };
  }

  /** Every path below the three folders: what a command left behind. */
  tree(): string[] {
    return readdirSync(this.#root, { recursive: true, encoding: "utf8" }).sort();
  }
}
