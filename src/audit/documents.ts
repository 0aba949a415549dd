import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Policy } from "../model/plan.ts";
import { filesBelow, requirePaths } from "./collect.ts";
import { names } from "./command-name.ts";

/** A document that operators may read. */
export interface Document {
  path: string;
  /** In hexadecimal. */
  sha256: string;
  /** Whether it names the judged prune command. */
  namesCommand: boolean;
}

/** The documents below some paths. Throws a Failure (usage) for a path that is not there. */
export function readDocuments(paths: readonly string[], policy: Policy): Document[] {
  requirePaths(paths, "name documents that are there: --documents docs,README.md");
  return filesBelow(paths).files.map((path) => {
    const bytes = readFileSync(path);
    return {
      path,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      namesCommand: names(bytes.toString("utf8"), policy),
    };
  });
}
