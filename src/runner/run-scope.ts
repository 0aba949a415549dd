import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What one run makes on this machine lives in here, and is gone when the scope is disposed of. */
export interface RunScope extends AsyncDisposable {
  /** A temporary folder that only this user can enter, with a short path: sockets take 107 bytes. */
  folder: string;
}

/**
 * Opens the scope of a run. Its end is the work of one process, the reaper, whose standard input this process
 * holds open: when it closes, because the run is over or because this process was killed, everything that
 * carries the run's label is removed.
 */
export async function openRunScope(run: string, keep: boolean): Promise<RunScope> {
  const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
  const outside = process.env.TMPDIR;
  // Whatever this process stages from here on lies in the run's folder, and goes with it even after a kill.
  process.env.TMPDIR = folder;
  const leave = () => {
    if (outside === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outside;
  };
  if (keep) return { folder, [Symbol.asyncDispose]: async () => leave() };
  const reaper = spawn(
    process.execPath,
    [fileURLToPath(new URL("../lab/reaper.ts", import.meta.url)), run, folder],
    { detached: true, stdio: ["pipe", "ignore", "pipe"] },
  );
  let complaint = "";
  reaper.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  return {
    folder,
    async [Symbol.asyncDispose]() {
      leave();
      const exited = once(reaper, "exit");
      reaper.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`what the run made could not be removed: ${complaint.trim()}`);
    },
  };
}
