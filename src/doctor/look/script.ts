import type { Host } from "../../host/host.ts";

/** Runs a script in the host's shell, with words as `$1` and so on, and returns what it printed. Throws when it fails. */
export async function runScript(host: Host, script: string, ...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", script, "look", ...words]);
  if (exitCode === 0) return stdout;
  throw new Error(`the look ended with code ${exitCode}: ${stderr.trim() || "it said nothing"}`);
}

/** What a script printed, line by line, without empty ones. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
