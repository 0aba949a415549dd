import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const schema = z.object({
  /** When the prune run ended, in milliseconds since 1970. */
  at: z.number(),
  id: z.string(),
  name: z.string(),
  reason: z.string(),
});

/** An image that `pullproof prune` removed, and why. */
export type Removal = z.infer<typeof schema>;

/** The list of removals, below the folder that the prune policy's settings name: one JSON object a line. */
export const removalsPath = (stateDir: string): string => join(stateDir, "removals.jsonl");

/**
 * Appends what a prune run removed, so that `pullproof nightly` can tell a removal for a reason from a loss. Throws
 * an Error that names the file.
 */
export async function noteRemovals(stateDir: string, removals: readonly Removal[]): Promise<void> {
  if (removals.length === 0) return;
  const path = removalsPath(stateDir);
  try {
    await mkdir(stateDir, { recursive: true });
    await appendFile(path, removals.map((removal) => `${JSON.stringify(removal)}\n`).join(""));
  } catch (thrown) {
    throw new Error(
      `the list of removals cannot be written, so pullproof nightly will ask about them: ${path}`,
      {
        cause: thrown,
      },
    );
  }
}

/** The removals that can be read. A line that cannot be, such as one that a crash cut off, explains nothing. */
export async function readRemovals(stateDir: string): Promise<Removal[]> {
  const path = removalsPath(stateDir);
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, "utf8")).split("\n");
  return lines.flatMap((line) => {
    const parsed = schema.safeParse(json(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
