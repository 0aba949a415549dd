import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { Duplex, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { ExecResult } from "./host.ts";

/** What goes to a process's standard input: a text, and after it a stream. */
export interface Input {
  first?: string;
  rest?: Readable | undefined;
}

/**
 * Runs a program on this machine and waits for its end. One that a signal ended has the exit code -1. Throws when it
 * cannot be started, or its input fails.
 */
export async function runProcess(
  file: string,
  words: readonly string[],
  options: SpawnOptions = {},
  { first = "", rest }: Input = {},
): Promise<ExecResult> {
  const child = spawn(file, words, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  let failure: unknown;
  // A program may end without reading all of its input.
  stdin.on("error", () => {});
  stdin.write(first);
  if (rest === undefined) stdin.end();
  else {
    rest.on("error", (error) => {
      failure = error;
      child.kill();
    });
    child.once("close", () => rest.destroy());
    rest.pipe(stdin);
  }
  const [exitCode, out, err] = await Promise.all([ended(child), text(stdout), text(stderr)]);
  if (failure !== undefined) throw failure;
  return { exitCode, stdout: out, stderr: err };
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
}

/**
 * A program's standard input and output as one stream; it ends with the stream. Not Duplex.from: that throws away what
 * was read when the other end goes first, as a server does after its answer.
 */
export function processStream(file: string, words: readonly string[]): Duplex {
  const child = spawn(file, words, { stdio: ["pipe", "pipe", "ignore"] });
  const { stdin, stdout } = child;
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  // Nobody reads any more; what was said before that is still to be had.
  stdin.on("error", () => {});
  stdout.on("data", (chunk) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  stdout.on("end", () => stream.push(null));
  child.on("error", (error) => stream.destroy(error));
  return stream;
}
