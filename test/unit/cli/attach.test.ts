import { chmodSync, lstatSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { files } from "../../../src/runner/run-folder.ts";
import { CommandLine } from "../../support/command-line.ts";
import { amend } from "../../support/edit.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun, withHeader } from "../../support/stored-run.ts";
import { writeTree } from "../../support/temp.ts";

const markers = "<!-- pullproof:begin -->\n<!-- pullproof:end -->";
const entries = simulate({ scenarios: [chain()] });

/** A working directory with a sealed run and a review document. */
function withRun(
  document: string | Buffer = `# Review\n\n${markers}\n\nthe end`,
  run = "reports/run",
): CommandLine {
  const line = new CommandLine();
  storeRun(join(line.cwd, run), entries);
  writeFileSync(join(line.cwd, "REVIEW-2pc.md"), document);
  return line;
}

const read = (line: CommandLine, file = "REVIEW-2pc.md") => readFileSync(join(line.cwd, file), "utf8");
const hashOf = (line: CommandLine) =>
  /^([0-9a-f]{64}) {2}evidence/m.exec(read(line, "reports/run/SHA256SUMS"))?.[1];

describe("attach", { timeout: 60_000 }, () => {
  it("puts verdicts, sums and report into the document, with links that lead to the run", async () => {
    const line = withRun();
    writeTree(line.cwd, { "docs/review.md": `# Review\n\n${markers}\n\nthe end\n` });
    const ended = await line.run("attach", "run", "--file", "docs/review.md");
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const document = read(line, "docs/review.md");
    expect(document).toMatch(/^# Review\n[\s\S]*PC2\.2[\s\S]*\nthe end\n$/);
    expect(document).toContain("../reports/run/evidence.jsonl");
    expect(document).toContain("npx pullproof check ../reports/run\n");
    expect(document).toContain(`| \`evidence.jsonl\` | \`${hashOf(line)}\` |`);
  });

  it("prints as JSON what it attached", async () => {
    const line = withRun();
    const { stdout } = await line.run("attach", "run", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      file: "REVIEW-2pc.md",
      run: "reports/run",
      evidenceHash: hashOf(line),
    });
  });

  it("replaces what was attached before, and changes nothing when that is the same", async () => {
    const line = withRun();
    storeRun(join(line.cwd, "reports/other"), withHeader(entries, { seed: "another" }));
    const before = line.tree();
    await line.run("attach", "other");
    const other = read(line);
    await line.run("attach", "run");
    const document = read(line);
    expect(document).not.toContain("another");
    expect(document.match(/pullproof:begin/g)).toHaveLength(1);
    await line.run("attach", "other");
    expect(read(line)).toBe(other);
    expect(line.tree()).toEqual(before);
  });

  it("keeps the document's mode, and a link to it a link", async () => {
    const line = withRun();
    const path = join(line.cwd, "REVIEW-2pc.md");
    chmodSync(path, 0o640);
    symlinkSync("REVIEW-2pc.md", join(line.cwd, "link.md"));
    expect((await line.run("attach", "run", "--file", "link.md")).code).toBe(0);
    expect(lstatSync(join(line.cwd, "link.md")).isSymbolicLink()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(read(line)).toContain("Cache retention");
  });

  it("makes a document where there is none", async () => {
    const line = withRun();
    expect((await line.run("attach", "run", "--file", "new.md")).code).toBe(0);
    expect(read(line, "new.md")).toMatch(/^<!-- pullproof:begin -->\n[\s\S]+<!-- pullproof:end -->\n$/);
  });

  it("takes any name of a folder for a name", async () => {
    const run = "reports/a b) `$(id)` <!-- pullproof:end -->";
    const line = withRun(undefined, run);
    expect(await line.run("attach", run)).toMatchObject({ code: 0, stderr: "" });
    const document = read(line);
    expect(document).toMatch(
      /^# Review\n\n<!-- pullproof:begin -->\n[\s\S]*\n<!-- pullproof:end -->\n\nthe end$/,
    );
    expect(document.match(/<!-- pullproof:end/g)).toHaveLength(1);
    await line.run("attach", run);
    expect(read(line)).toBe(document);
  });

  it("changes no document for a run that was altered", async () => {
    const line = withRun(markers);
    rmSync(join(line.cwd, "reports/run", files.report));
    expect((await line.run("attach", "run")).code).toBe(ExitCode.internal);
    expect(read(line)).toBe(markers);
  });

  it.each<[string, string | Buffer, number, RegExp]>([
    ["has one marker only", "<!-- pullproof:begin -->\n", ExitCode.config, /pair/],
    ["is not UTF-8", Buffer.from(`caf\u00e9\n${markers}\n`, "latin1"), ExitCode.unavailable, /not UTF-8/],
  ])("leaves a document alone that %s", async (_, document, code, message) => {
    const line = withRun(document);
    const before = line.tree();
    const ended = await line.run("attach", "run");
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(readFileSync(join(line.cwd, "REVIEW-2pc.md"))).toEqual(Buffer.from(document));
    expect(line.tree()).toEqual(before);
  });

  it("says what is wrong with a document that cannot be written", async () => {
    const line = withRun();
    const before = line.tree();
    const ended = await line.run("attach", "run", "--file", "none/review.md");
    expect(ended).toMatchObject({ code: ExitCode.unavailable, stdout: "" });
    expect(ended.stderr).toMatch(/^error: .+\n {2}seen: .*none\/review\.md.*\n {2}next: .+--file.*\n$/);
    expect(line.tree()).toEqual(before);
  });
});

describe("status", { timeout: 60_000 }, () => {
  interface Answer {
    done: boolean;
    run: string | null;
    reasons: { what: string; next: string }[];
  }

  async function status(line: CommandLine, ...words: string[]): Promise<Answer & { code: number | null }> {
    const { code, stdout, stderr } = await line.run("status", "--json", ...words);
    expect(stderr).toBe("");
    return { code, ...(JSON.parse(stdout) as Answer) };
  }

  const whats = ({ reasons }: Answer) => reasons.map(({ what }) => what).join("\n");

  it("says that no run is attached, to a document that is not there either", async () => {
    for (const words of [[], ["--file", "none.md"]]) {
      const answer = await status(withRun(), ...words);
      expect(answer).toMatchObject({ code: 1, done: false, run: null });
      expect(answer.reasons).toHaveLength(1);
    }
  });

  it("lists the claims that are open, and nothing else, where the run is sound", async () => {
    const line = withRun();
    await line.run("attach", "run");
    const before = line.tree();
    const answer = await status(line, "--max-age", "100000");
    expect(answer).toMatchObject({ code: 1, done: false, run: "reports/run" });
    expect(whats(answer)).toMatch(/^(the run had no controls.*|(PC|G)[\d.]+ .*)(\n(PC|G)[\d.]+ .*)+$/);
    expect(whats(answer)).toMatch(/^PC1\.2 .* is skipped/m);
    expect(whats(answer)).not.toMatch(/^PC1\.1 /m);
    expect(line.tree()).toEqual(before);
  });

  it("prints each reason with what to do", async () => {
    const { code, stdout, stderr } = await withRun().run("status");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/^## DONE may not be written into REVIEW-2pc\.md\n- .+\n {2}next: .+\n$/);
  });

  it("finds the run from whatever directory it is asked", async () => {
    const line = withRun();
    await line.run("attach", "run");
    writeTree(line.cwd, { "deep/file": "" });
    const from = new CommandLine();
    const answer = await status(from, "--file", join(line.cwd, "REVIEW-2pc.md"), "--max-age", "100000");
    expect(whats(answer)).not.toMatch(/markers|not there/);
    expect(answer.run).toMatch(/\/reports\/run$/);
  });

  it.each<[string, (line: CommandLine) => void, RegExp]>([
    [
      "the folder is gone",
      (line) => rmSync(join(line.cwd, "reports"), { recursive: true }),
      /reports\/run is not there/,
    ],
    [
      "a file of it is gone",
      (line) => rmSync(join(line.cwd, "reports/run", files.report)),
      /report\.md is missing/,
    ],
    [
      "its manifest is gone",
      (line) => rmSync(join(line.cwd, "reports/run", files.manifest)),
      /SHA256SUMS is missing/,
    ],
    [
      "its evidence cannot be read",
      (line) => writeFileSync(join(line.cwd, "reports/run", files.evidence), "{}\n"),
      /cannot be judged/,
    ],
    [
      "another run took its place",
      (line) => {
        rmSync(join(line.cwd, "reports/run"), { recursive: true });
        const skipped = amend(entries, { kind: "run" }, () => ({ seed: "another" }));
        storeRun(join(line.cwd, "reports/run"), skipped);
      },
      /rests on evidence with the SHA-256/,
    ],
    [
      "somebody improved a verdict in the document",
      (line) =>
        writeFileSync(
          join(line.cwd, "REVIEW-2pc.md"),
          read(line).replace(/\| (FAIL|SKIPPED|INCONCLUSIVE) \|/, "| PASS |"),
        ),
      /between the markers/,
    ],
  ])("says so when %s, and nothing of verdicts", async (_, tamper, what) => {
    const line = withRun();
    await line.run("attach", "run");
    tamper(line);
    const answer = await status(line);
    expect(answer).toMatchObject({ code: 1, done: false });
    expect(whats(answer)).toMatch(what);
    expect(whats(answer)).not.toMatch(/^PC/m);
    for (const { next } of answer.reasons) expect(next).not.toBe("");
  });

  it("minds only what stands between the markers", async () => {
    const line = withRun();
    await line.run("attach", "run");
    writeFileSync(join(line.cwd, "REVIEW-2pc.md"), `${read(line)}\n\nA word by the reviewer.\n`);
    expect(whats(await status(line))).not.toMatch(/markers/);
  });

  it.each(["0", "-1", "soon", "", "Infinity", "NaN"])("takes no age of %j days", async (age) => {
    const ended = await withRun().run("status", `--max-age=${age}`);
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(/--max-age/);
  });

  it("calls markers that are no pair bad configuration, and a folder no document", async () => {
    expect((await withRun("<!-- pullproof:end -->\n").run("status")).code).toBe(ExitCode.config);
    expect((await withRun().run("status", "--file", "reports")).code).toBe(ExitCode.unavailable);
  });
});
