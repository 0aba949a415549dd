import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExitCode, Failure } from "../model/failure.ts";
import { lockFolder } from "../policy/lock.ts";
import { begun } from "./begun.ts";

/** What one run makes on this machine lives in here, and is gone when the scope is disposed of. */
export interface RunScope extends AsyncDisposable {
  /** A temporary folder that only this user can enter, with a short path: sockets take 107 bytes. */
  folder: string;
}

/** What `flock` ends with where somebody else has the lock. */
const conflict = 75;

/**
 * Opens the scope of a run. Its end is the work of one process, the reaper, whose standard input this process
 * holds open: when it closes, because the run is over or because this process was killed, everything that
 * carries the run's label is removed; the reaper knows what it has to spare.
 */
export async function openRunScope(run: string, keep: boolean): Promise<RunScope> {
  const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
  const leave = enter(folder);
  if (keep) return { folder, [Symbol.asyncDispose]: async () => leave() };
  return guarded(run, folder, leave);
}

/**
 * Takes over the scope of a run whose controller is gone. Throws a Failure (try later) as long as another process, the
 * run's own controller or its reaper, has the run in hand.
 */
export async function takeOverRunScope(run: string, folder: string): Promise<RunScope> {
  return guarded(run, folder, enter(folder));
}

/**
 * Whatever this process stages from here on lies in the run's folder, and goes with it even after a kill. Returns what
 * ends that.
 */
function enter(folder: string): () => void {
  const outside = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (outside === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outside;
  };
}

/** Starts the reaper, which has the folder's lock for as long as it lives: a run is in one hand only. */
async function guarded(run: string, folder: string, leave: () => void): Promise<RunScope> {
  const lock = ["--nonblock", "--no-fork", "--conflict-exit-code", String(conflict), folder];
  const script = fileURLToPath(new URL("../lab/reaper.ts", import.meta.url));
  const reaper = spawn("flock", [...lock, process.execPath, script, run, folder], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  reaper.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const exited = begun(once(reaper, "exit") as Promise<[number | null]>);
  const ended = await Promise.race([exited, once(reaper.stdout, "data").then(() => null)]);
  if (ended !== null) {
    leave();
    const [code] = ended;
    if (code !== conflict) throw new Error(`nobody stands by to clean up: ${complaint.trim()}`);
    throw inOtherHands(folder);
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      leave();
      reaper.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`what the run made could not be removed: ${complaint.trim()}`);
    },
  };
}

/** Takes a run whose state lies in its own folder. Throws a Failure (try later) as long as another process has it. */
export async function holdRun(folder: string): Promise<Disposable> {
  const lock = await lockFolder(folder);
  if (lock === null) throw inOtherHands(folder);
  return lock;
}

function inOtherHands(folder: string): Failure {
  return new Failure(ExitCode.tryLater, {
    what: "the run is in the hands of another process",
    seen: `the lock of ${folder} is taken: the run goes on, or what it left is being removed`,
    next: "run the same command again once that process has ended",
  });
}
