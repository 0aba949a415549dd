import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The contract double: a program that stands in for abra, and says so. */
export const abraDouble = fileURLToPath(new URL("abra-double", import.meta.url));

/** Words that the double may be told: how to fail, and as whom its pulls run. */
export type Told = "fata" | "exit" | "hang" | "timeout" | "dirty" | "lint" | "rollback" | "registry-auth";

/** A copy of the double, at `path`, that is told so wherever it runs. */
export function doubleTold(path: string, ...words: Told[]): string {
  const program = readFileSync(abraDouble, "utf8").replace(/^always=""$/m, `always="${words.join(" ")}"`);
  writeFileSync(path, program);
  chmodSync(path, 0o755);
  return path;
}
