import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { isDocumentation, languageOf } from "./language.ts";
import { baseName } from "./model.ts";
import type { Source } from "./scan.ts";
import { type Skipped, unreadable } from "./skipped.ts";

/** What there is below some paths. */
export interface Collected {
  sources: Source[];
  skipped: Skipped[];
}

/** Folders whose content others wrote, or that hold no source. */
const foreign = new Set([
  ".git",
  ".hg",
  ".svn",
  ".terraform",
  ".venv",
  "__pycache__",
  "bower_components",
  "node_modules",
  "site-packages",
  "third_party",
  "vendor",
  "venv",
]);

/** Beyond so many bytes a file is data, or was made by a machine. */
const mostBytes = 1_000_000;

/** Every path must be there. Throws a Failure (usage) that names the first that is not. */
export function requirePaths(paths: readonly string[], next: string): void {
  for (const path of paths) {
    try {
      statSync(path);
    } catch (thrown) {
      const seen = messageOf(thrown);
      throw new Failure(ExitCode.usage, {
        what: "there is no such file or folder",
        seen,
        next,
        cause: thrown,
      });
    }
  }
}

/** Every file below some paths, whatever it is, without foreign folders, in the order of their names. Links are not followed. */
export function filesBelow(paths: readonly string[]): { files: string[]; skipped: Skipped[] } {
  const files: string[] = [];
  const skipped: Skipped[] = [];
  const visit = (path: string, named: boolean): void => {
    try {
      const stat = named ? statSync(path) : lstatSync(path);
      if (stat.isDirectory()) {
        if (!named && foreign.has(baseName(path))) skipped.push({ path, reason: "folder of others" });
        else for (const name of readdirSync(path).sort()) visit(join(path, name), false);
      } else if (stat.isFile()) files.push(path);
      else skipped.push({ path, reason: stat.isSymbolicLink() ? "symbolic link" : "no ordinary file" });
    } catch (thrown) {
      skipped.push({ path, reason: unreadable(codeOf(thrown)) });
    }
  };
  for (const path of paths) visit(join(path), true);
  return { files: [...new Set(files)], skipped };
}

/** The files below some paths that the audit reads, and what it leaves out with the reason. */
export function collect(paths: readonly string[]): Collected {
  const { files, skipped } = filesBelow(paths);
  const sources: Source[] = [];
  for (const path of files) {
    const read = sourceOf(path);
    if (typeof read === "string") skipped.push({ path, reason: read });
    else sources.push(read);
  }
  return { sources, skipped };
}

function sourceOf(path: string): Source | string {
  if (isDocumentation(path)) return "documentation";
  try {
    if (statSync(path).size > mostBytes) return "larger than 1 MB";
    const bytes = readFileSync(path);
    if (bytes.includes(0)) return "binary";
    const content = bytes.toString("utf8").replaceAll("\r\n", "\n");
    const language = languageOf(path, content);
    return language === null ? "no language that the audit reads" : { path, language, content };
  } catch (thrown) {
    return unreadable(codeOf(thrown));
  }
}

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? messageOf(thrown);
