import { lstatSync, readFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { writeWhole } from "../write-whole.ts";
import { type PlannedFile, planFile, type WantedFile } from "./plan.ts";

/**
 * Compares files with those that are there. Throws a Failure (unavailable) for what cannot be read, and for what is
 * no file: a unit that was masked is a link to /dev/null, and somebody meant that.
 */
export function planFiles(files: readonly WantedFile[]): PlannedFile[] {
  return files.map((file) => planFile(file, contentOf(file)));
}

function contentOf({ path, once }: WantedFile): string | null {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.isFile() || once) return readFileSync(path, "utf8");
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "a file that is there already cannot be read",
      seen: messageOf(thrown),
      next: `run the same command as root, or see what ${path} is`,
      cause: thrown,
    });
  }
  throw new Failure(ExitCode.unavailable, {
    what: "what is to be written is there already, and is no file",
    seen: `${path}; a unit that is masked is a symbolic link`,
    next: `ls -l ${path}; then systemctl unmask, or remove it`,
  });
}

/**
 * Writes files one after the other, each so that the old or the new one is there, whole. Throws a Failure
 * (unavailable) that names those that were written.
 */
export async function writeFiles(files: readonly PlannedFile[]): Promise<void> {
  const written: string[] = [];
  for (const { path, after } of files) {
    await install(path, after).catch((thrown) => {
      throw unwritable(path, thrown, written);
    });
    written.push(path);
  }
}

/** For everybody to read, whatever the user's umask is: anybody may ask what the policy would do. */
async function install(path: string, content: string): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true });
  if (made !== undefined) await chmod(made, 0o755);
  await writeWhole(path, content, 0o644);
}

/** The Failure (unavailable) for a place that cannot be written, after other files were. */
export function unwritable(path: string, thrown: unknown, written: readonly string[] = []): Failure {
  const code = (thrown as NodeJS.ErrnoException).code ?? "";
  const denied = code === "EACCES" || code === "EPERM";
  const before = written.length === 0 ? "nothing was written" : `written before that: ${written.join(", ")}`;
  return new Failure(ExitCode.unavailable, {
    what: denied ? "this user may not write there" : "the files cannot be written",
    seen: `${path}: ${messageOf(thrown)}; ${before}`,
    next: denied
      ? "run the same command as root"
      : code === "EROFS"
        ? "mount that file system writable; on NixOS use packaging/nixos/pullproof.nix instead"
        : "put right what is said above, and run the same command again",
    cause: thrown,
  });
}
