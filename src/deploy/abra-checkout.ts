import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";

const run = promisify(execFile);

/** The version of a recipe whose compose file names none that git could have as a tag. */
const firstVersion = "0.1.0+1.0.0";

/** `coop-cloud.${STACK_NAME}.version=1.0.0+1.0.0`, in a list or in a map: abra's label for the recipe's version. */
const versionLabel = /coop-cloud\.\$\{STACK_NAME\}\.version["']?\s*[=:]\s*["']?(\w[\w.+-]*)/;

const author = ["-c", "user.name=pullproof", "-c", "user.email=pullproof@localhost"];

/**
 * Makes a copy of a recipe what abra takes a recipe from: a git checkout in which nothing is left to commit, with the
 * version that the recipe's label names as a tag. History and tags are those of the recipe's folder, where that is a
 * repository itself; it is only read from, and none of its hooks and settings have a say. Throws a Failure (bad
 * configuration) when it cannot be read.
 */
export async function makeCheckout(recipe: string, checkout: string): Promise<void> {
  const git = gitIn(checkout);
  await git("init", "--quiet", "--initial-branch=main", "--template=");
  if (await hasHistory(git, recipe)) {
    // Of a shallow clone, what there is of it.
    const manner = ["--quiet", "--tags", "--update-head-ok", "--update-shallow", "--no-write-fetch-head"];
    await git("fetch", ...manner, recipe, "+HEAD:refs/heads/main");
  }
  // A file that is ignored counts as one that is not committed, for who does not read .gitignore.
  await git("add", "--all", "--force");
  await git(...author, "commit", "--quiet", "--allow-empty", "--message=recipe under test");
  const version = versionOf(await readFile(join(checkout, "compose.yml"), "utf8"));
  const tagged = await git("tag", "--list", version);
  if (tagged === "") await git(...author, "tag", "--annotate", "--message=recipe under test", version);
}

/** What the label in a compose file names as the recipe's version, as far as it is one. */
function versionOf(compose: string): string {
  const version = versionLabel.exec(compose)?.[1];
  // What git takes for no name of a tag (git-check-ref-format(1)).
  return version === undefined || /\.\.|\.$|\.lock$/.test(version) ? firstVersion : version;
}

type Git = (...words: string[]) => Promise<string>;

/** Whether a recipe's folder is a repository itself, with a commit; one further up is not the recipe's. */
async function hasHistory(git: Git, recipe: string): Promise<boolean> {
  if (!existsSync(join(recipe, ".git"))) return false;
  try {
    return (await git("ls-remote", recipe, "HEAD")) !== "";
  } catch (thrown) {
    throw new Failure(ExitCode.config, {
      what: "the recipe's git history cannot be read",
      seen: messageOf(thrown).trim(),
      next: "repair it, make this user its owner, or name a copy of the recipe without its .git",
      cause: thrown,
    });
  }
}

/** git in a folder. Neither the user's settings (signatures, hooks) nor the variables that git sets in a hook have a say. */
function gitIn(folder: string): Git {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = { ...Object.fromEntries(own), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  return async (...words) => (await run("git", ["-C", folder, ...words], { env })).stdout.trim();
}
