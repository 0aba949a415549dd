import { posix } from "node:path";
import { familiar, type Reference } from "../model/reference.ts";
import type { Names } from "./images.ts";

/** What Docker Hub's repositories may begin with in a rule, and need not. */
const hubPrefix = "docker.io/";

/**
 * Reads a keep rule: a glob on `repository`, `repository:tag` or `repository@sha256:…` by the rules of node:path's
 * matchesGlob, in which `*` stops at a slash and `**` does not. `docker.io/` and `library/` may be left out. The
 * function that comes back tells whether the rule matches an image, which takes one of its names.
 */
export function keepRule(rule: string): (names: Names) => boolean {
  const onHub = rule.startsWith(hubPrefix);
  const glob = onHub ? rule.slice(hubPrefix.length) : rule;
  // Matching is slow, and among thousands of names next to none begins as the rule does.
  const [beginning = ""] = glob.split(/[*?[\]{}()!+@\\]/, 1);
  const fits = (text: string) =>
    text === glob || (text.startsWith(beginning) && posix.matchesGlob(text, glob));
  const matches = ({ repository, hub, tag, digest }: Reference) => {
    if (onHub && !hub) return false;
    const spellings = hub ? new Set([familiar(repository), repository]) : [repository];
    for (const spelling of spellings) {
      if (fits(spelling)) return true;
      if (tag !== null && fits(`${spelling}:${tag}`)) return true;
      if (digest !== null && fits(`${spelling}@${digest}`)) return true;
    }
    return false;
  };
  return ({ tags, digests }) => tags.some(matches) || digests.some(matches);
}
