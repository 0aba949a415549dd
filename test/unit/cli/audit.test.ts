import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { CommandLine } from "../../support/command-line.ts";
import { writeTree } from "../../support/temp.ts";

/** A command line in whose working directory there are some files. */
function among(files: Record<string, string>): CommandLine {
  const line = new CommandLine();
  writeTree(line.cwd, files);
  return line;
}

describe("pullproof audit", { timeout: 60_000 }, () => {
  it.each<[string, string, number]>([
    ["an error", "docker image prune -af", ExitCode.fail],
    ["a warning", "docker image prune -f", ExitCode.fail],
    ["a note", "docker rmi app:1", ExitCode.pass],
    ["what is waived", "docker image prune -af # pullproof:allow PP101 a builder", ExitCode.pass],
    ["a waiver without a reason", "docker ps # pullproof:allow PP101", ExitCode.fail],
    ["nothing", "docker ps", ExitCode.pass],
  ])("tells %s, and ends as docs/exit-codes.md says", async (_, script, code) => {
    const line = among({ "ci/a.sh": script });
    const before = line.tree();
    expect(await line.run("audit", "ci")).toMatchObject({ code, stderr: "" });
    expect(line.tree()).toEqual(before);
  });

  it("shows each finding with its place, and for each rule what it hurts, why, and what to do", async () => {
    const line = among({ "ci/a.sh": "true\ndocker image prune -f\n", "ci/b.md": "" });
    const { stdout } = await line.run("audit", "ci");
    expect(stdout).toMatch(/warning.*PP103.*ci\/a\.sh:2.*docker image prune -f/);
    expect(stdout).toMatch(
      /^PP103 .*\n {2}hurts: the graphdriver image store\n {2}why: .*\n {2}next: .*pullproof prune/m,
    );
    expect(stdout).toMatch(/^ci: 1 warning in 1 file; skipped 1: 1 documentation$/m);
  });

  it("prints the same as JSON, with why and remedy of each finding", async () => {
    const line = among({ "a.sh": "docker image prune -af\n" });
    const { code, stdout } = await line.run("audit", "--json", ".");
    expect(code).toBe(ExitCode.fail);
    expect(JSON.parse(stdout)).toMatchObject({
      fails: true,
      paths: ["."],
      files: 1,
      findings: [
        {
          rule: "PP101",
          severity: "error",
          file: "a.sh",
          line: 1,
          waiver: null,
          stores: ["graphdriver", "containerd"],
          remedy: expect.stringContaining("pullproof prune"),
        },
      ],
      skipped: [],
    });
  });

  it("writes SARIF beside what it prints", async () => {
    const line = among({ "a.sh": "docker image prune -af\n" });
    expect((await line.run("audit", "a.sh", "--sarif", "out.sarif")).code).toBe(ExitCode.fail);
    const log = JSON.parse(readFileSync(join(line.cwd, "out.sarif"), "utf8"));
    expect(log.runs[0].results).toMatchObject([{ ruleId: "PP101", level: "error" }]);
  });

  it.each([
    ["a path that is not there", ["audit", "missing"], /no such file or folder/, /missing/],
    [
      "a SARIF file that cannot be written",
      ["audit", ".", "--sarif", "no/x.sarif"],
      /cannot be written/,
      /no\/x/,
    ],
  ])("refuses %s", async (_, words, what, seen) => {
    const line = among({ "a.sh": "docker ps" });
    const before = line.tree();
    const { code, stdout, stderr } = await line.run(...words);
    expect({ code, stdout }).toEqual({ code: ExitCode.usage, stdout: "" });
    expect(stderr).toMatch(/^error: .*\n {2}seen: .*\n {2}next: .*\n$/);
    expect(stderr).toMatch(what);
    expect(stderr).toMatch(seen);
    expect(line.tree()).toEqual(before);
  });

  it("wants a path", async () => {
    expect((await new CommandLine().run("audit")).code).toBe(ExitCode.usage);
  });

  it("lets no name and no line control the terminal", async () => {
    const line = among({ "\u001b[2J\nx.sh": "docker image prune -af # \u001b[2J\u0007\n" });
    const { code, stdout } = await line.run("audit", ".");
    expect(code).toBe(ExitCode.fail);
    for (const char of ["\u0007", "\u001b"]) expect(stdout).not.toContain(char);
    expect(stdout.replaceAll(/[│\s]/g, "")).toContain("\\u{1b}[2Jx.sh:1");
  });
});

describe("pullproof verify", { timeout: 60_000 }, () => {
  it.each([["--audit"], ["--documents"]])(
    "refuses a path of %s that is not there, before it makes anything",
    async (option) => {
      const line = new CommandLine();
      const before = line.tree();
      const { code, stderr } = await line.run("verify", option, "missing");
      expect(code).toBe(ExitCode.usage);
      expect(stderr).toMatch(/no such file or folder[\s\S]*missing[\s\S]*next: /);
      expect(line.tree()).toEqual(before);
    },
  );
});
