import { stripVTControlCharacters } from "node:util";
import { doubleMark } from "../model/contract-double.ts";

/** A line that abra ends an error with: `FATA message`, or with the place in abra's source `FATA <file:line> message`. */
const fatalLine = /^FATA(?:\[\d+\])?\s+(?:<[^>]*>\s*)?(.+)$/m;

/** What abra printed, without colours and without the line breaks at its end. */
export function plain(output: string): string {
  return stripVTControlCharacters(output).trim();
}

/** The error that abra names in its output; null where it names none. The output must be plain. */
export function fatalMessage(output: string): string | null {
  return fatalLine.exec(output)?.[1]?.trim() ?? null;
}

/**
 * The version that `abra --version` tells, such as `0.13.0-beta-06a57de`; null where that is not what abra says. A
 * contract double calls itself one, and is called one here.
 */
export function versionIn(output: string): string | null {
  const version = /^abra version (\S+)/m.exec(plain(output))?.[1];
  if (version === undefined) return null;
  return version.includes("contract-double") ? `${version} (${doubleMark})` : version;
}
