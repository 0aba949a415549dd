import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf } from "../model/failure.ts";

const run = promisify(execFile);

/**
 * Has `tool` of the PATH build something from source. Returns null when it did, or else why it could not: the tool is
 * missing, or what it said last.
 */
export async function buildWith(
  tool: string,
  words: readonly string[],
  what: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  try {
    await run(tool, words, { env, maxBuffer: 100_000_000 });
    return null;
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException & { stderr?: string };
    if (error.code === "ENOENT") return `${tool}, which builds ${what}, is not on the PATH`;
    const said = (error.stderr ?? "").trim().split("\n").slice(-3).join(" | ");
    return `${tool} could not build ${what}: ${said === "" ? messageOf(error) : said}`;
  }
}

/** Whether a binary runs and says that it is of the version: one of another version may have stayed from earlier. */
export async function isOfVersion(binary: string, version: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    const { stdout } = await run(binary, ["--version"], { env });
    return stdout
      .trim()
      .split(/[\s,]+/)
      .includes(version);
  } catch {
    return false;
  }
}
