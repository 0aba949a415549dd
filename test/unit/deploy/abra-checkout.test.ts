import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeCheckout } from "../../../src/deploy/abra-checkout.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { recipeFolder } from "../../support/app.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

const plain = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null", PATH: "/usr/bin:/bin" };

function git(folder: string, ...words: string[]): string {
  const who = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
  return execFileSync("git", ["-C", folder, ...who, ...words], {
    encoding: "utf8",
    env: plain,
    stdio: "pipe",
  }).trim();
}

const label = (version: string) =>
  `services:\n  app:\n    image: a:1\n    deploy:\n      labels:\n        - "coop-cloud.\${STACK_NAME}.version=${version}"\n`;

/** Makes a checkout of a recipe as the deployer does: of a copy without its git data. */
async function checkoutOf(recipe: string): Promise<string> {
  const checkout = join(tempFolder(), "diary");
  cpSync(recipe, checkout, { recursive: true, filter: (path) => basename(path) !== ".git" });
  writeFileSync(join(checkout, "compose.pullproof.yml"), "services: {}\n");
  await makeCheckout(recipe, checkout);
  return checkout;
}

/** Makes a recipe's folder a repository with a release and a commit after it. */
function withHistory(recipe: string): string {
  git(recipe, "init", "--quiet", "--initial-branch=trunk");
  git(recipe, "add", "--all");
  git(recipe, "commit", "--quiet", "--message=one");
  git(recipe, "tag", "--annotate", "--message=release", "1.0.0+2.0.0");
  git(recipe, "commit", "--quiet", "--allow-empty", "--message=two");
  return recipe;
}

const tracked = [".env.sample", "compose.pullproof.yml", "compose.yml"];
const filesOf = (checkout: string) => git(checkout, "ls-files").split("\n");

describe("the checkout of a recipe that is no repository", () => {
  it("has one commit, on main, in which nothing is left to commit", async () => {
    const checkout = await checkoutOf(recipeFolder());
    expect(git(checkout, "status", "--porcelain", "--ignored")).toBe("");
    expect(filesOf(checkout)).toEqual(tracked);
    expect(git(checkout, "rev-list", "--count", "main")).toBe("1");
    expect(git(checkout, "symbolic-ref", "HEAD")).toBe("refs/heads/main");
  });

  it("has the version of the recipe's label as an annotated tag", async () => {
    const checkout = await checkoutOf(recipeFolder({ "compose.yml": label("1.2.3+4.5.6-rc1") }));
    expect(git(checkout, "tag", "--list")).toBe("1.2.3+4.5.6-rc1");
    expect(git(checkout, "cat-file", "-t", "1.2.3+4.5.6-rc1")).toBe("tag");
  });

  it.each([
    ["in a map", `labels: { "coop-cloud.\${STACK_NAME}.version": "2.0.0+1" }`, "2.0.0+1"],
    ["without quotes", `- coop-cloud.\${STACK_NAME}.version=3.0.0+1`, "3.0.0+1"],
  ])("finds the label %s", async (_, line, version) => {
    const checkout = await checkoutOf(
      recipeFolder({ "compose.yml": `services: { app: { image: a } }\n# ${line}\n` }),
    );
    expect(git(checkout, "tag", "--list")).toBe(version);
  });

  it.each([label("$VERSION"), label("a..b"), label("1.lock"), label("--delete"), "services: {}\n"])(
    "has a version of its own where the recipe names none: %j",
    async (compose) => {
      const checkout = await checkoutOf(recipeFolder({ "compose.yml": compose }));
      expect(git(checkout, "tag", "--list")).toMatch(/^\d+\.\d+\.\d+\+\d+\.\d+\.\d+$/);
    },
  );

  it("tracks what the recipe ignores", async () => {
    const checkout = await checkoutOf(recipeFolder({ ".gitignore": "compose.*.yml\n" }));
    expect(filesOf(checkout)).toContain("compose.pullproof.yml");
  });

  it("takes nothing of the repository that the folder lies in", async () => {
    const outer = tempFolder();
    git(outer, "init", "--quiet");
    git(outer, "commit", "--quiet", "--allow-empty", "--message=outer");
    const inner = join(outer, "diary");
    cpSync(recipeFolder(), inner, { recursive: true });
    expect(git(await checkoutOf(inner), "rev-list", "--count", "HEAD")).toBe("1");
  });

  it("minds neither git's variables, as a hook has them, nor the user's own settings", async () => {
    const theirs = tempFolder();
    git(theirs, "init", "--quiet");
    const home = writeTree(tempFolder(), {
      ".gitconfig":
        "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n[core]\n\texcludesFile = ~/ignored\n",
      ignored: "compose.yml\n",
    });
    const changes = {
      GIT_DIR: join(theirs, ".git"),
      GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
      HOME: home,
    };
    const before = { ...process.env };
    onTestFinished(() => {
      for (const name of Object.keys(changes)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    });
    Object.assign(process.env, changes);
    const checkout = await checkoutOf(recipeFolder());
    expect(filesOf(checkout)).toEqual(tracked);
    expect(() => git(theirs, "rev-parse", "--quiet", "--verify", "HEAD")).toThrow();
  });
});

describe("the checkout of a recipe that is a repository", () => {
  it("has its history and its tags, and the run's commit on top", async () => {
    const recipe = withHistory(recipeFolder({ "compose.yml": label("1.0.0+2.0.0") }));
    const checkout = await checkoutOf(recipe);
    expect(git(checkout, "rev-parse", "HEAD~1")).toBe(git(recipe, "rev-parse", "HEAD"));
    expect(git(checkout, "tag", "--list")).toBe("1.0.0+2.0.0");
    expect(git(checkout, "rev-parse", "1.0.0+2.0.0")).toBe(git(recipe, "rev-parse", "1.0.0+2.0.0"));
    expect(git(checkout, "status", "--porcelain", "--ignored")).toBe("");
    expect(git(checkout, "remote")).toBe("");
  });

  it("has the tags of its other branches, too", async () => {
    const recipe = withHistory(recipeFolder({ "compose.yml": label("1.0.0+2.0.0") }));
    git(recipe, "switch", "--quiet", "--orphan", "side");
    git(recipe, "commit", "--quiet", "--allow-empty", "--message=side");
    git(recipe, "tag", "0.9.0+1.0.0");
    git(recipe, "switch", "--quiet", "trunk");
    expect(git(await checkoutOf(recipe), "tag", "--list").split("\n")).toEqual([
      "0.9.0+1.0.0",
      "1.0.0+2.0.0",
    ]);
  });

  it("has what is not committed yet, as it lies in the folder, and without what was deleted", async () => {
    const recipe = withHistory(recipeFolder({ gone: "", "compose.yml": label("1.0.0+2.0.0") }));
    git(recipe, "rm", "--quiet", "gone");
    writeFileSync(join(recipe, "compose.yml"), label("1.1.0+2.0.0"));
    const checkout = await checkoutOf(recipe);
    expect(readFileSync(join(checkout, "compose.yml"), "utf8")).toContain("1.1.0");
    expect(filesOf(checkout)).toEqual(tracked);
    expect(git(checkout, "status", "--porcelain")).toBe("");
    // A version that is not released yet is one here all the same.
    expect(git(checkout, "tag", "--list").split("\n")).toEqual(["1.0.0+2.0.0", "1.1.0+2.0.0"]);
  });

  it("leaves the repository as it is, and runs none of its hooks and settings", async () => {
    const recipe = withHistory(recipeFolder());
    const ran = join(tempFolder(), "ran");
    const evil = writeScript(join(tempFolder(), "evil"), `touch '${ran}'; cat`);
    for (const hook of [
      "post-checkout",
      "pre-commit",
      "post-commit",
      "reference-transaction",
      "post-index-change",
    ])
      writeScript(join(recipe, ".git/hooks", hook), `touch '${ran}'`);
    for (const setting of [
      "core.fsmonitor",
      "uploadpack.packObjectsHook",
      "filter.x.clean",
      "core.sshCommand",
    ])
      git(recipe, "config", setting, evil);
    writeFileSync(join(recipe, ".gitattributes"), "* filter=x\n");
    const listing = () => execFileSync("find", [recipe, "-printf", "%p %s %m %T@\n"], { encoding: "utf8" });
    const before = listing();
    const checkout = await checkoutOf(recipe);
    expect(existsSync(ran)).toBe(false);
    expect(listing()).toBe(before);
    expect(existsSync(join(checkout, ".git/hooks"))).toBe(false);
    expect(readFileSync(join(checkout, ".git/config"), "utf8")).not.toContain("evil");
  });

  it("is read through the file that leads from a worktree to it", async () => {
    const main = withHistory(recipeFolder());
    const tree = join(tempFolder(), "tree");
    git(main, "worktree", "add", "--quiet", "--detach", tree, "1.0.0+2.0.0");
    const before = git(main, "rev-parse", "HEAD");
    const checkout = await checkoutOf(tree);
    expect(git(checkout, "rev-parse", "HEAD~1")).toBe(git(main, "rev-parse", "1.0.0+2.0.0^{commit}"));
    expect([git(main, "rev-parse", "HEAD"), git(main, "status", "--porcelain")]).toEqual([before, ""]);
  });

  it("takes what a shallow clone has", async () => {
    const origin = withHistory(recipeFolder());
    const clone = join(tempFolder(), "diary");
    git(tempFolder(), "clone", "--quiet", "--depth=1", `file://${origin}`, clone);
    expect(git(await checkoutOf(clone), "rev-list", "--count", "HEAD")).toBe("2");
  });

  it("has no history where there is no commit yet", async () => {
    const recipe = recipeFolder();
    git(recipe, "init", "--quiet");
    expect(git(await checkoutOf(recipe), "rev-list", "--count", "HEAD")).toBe("1");
  });

  it.each([
    ["broken", { ".git/HEAD": "broken" }],
    ["elsewhere, and gone", { ".git": "gitdir: /nonexistent/repository\n" }],
  ])("is an error where that is %s", async (_, files) => {
    await expect(checkoutOf(recipeFolder(files))).rejects.toMatchObject({
      exitCode: ExitCode.config,
      next: expect.stringContaining("without its .git"),
    });
  });
});
