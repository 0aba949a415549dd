import { readFileSync } from "node:fs";

/**
 * The text of a file, a byte order mark included. Throws as readFileSync does, and for a file that is not UTF-8: to
 * replace what cannot be read, as readFileSync does, would lose it when the text is written back.
 */
export function readUtf8(path: string): string {
  const bytes = readFileSync(path);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${path} is not UTF-8 text`, { cause });
  }
}
