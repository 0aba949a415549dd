import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { files } from "../../../src/runner/run-folder.ts";
import { CommandLine } from "../../support/command-line.ts";
import { cutBefore, jsonLines } from "../../support/edit.ts";
import { chain, policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun, withHeader } from "../../support/stored-run.ts";
import { writeTree } from "../../support/temp.ts";

const patience = { timeout: 60_000 };
const entries = simulate({ scenarios: [chain()] });

/** A working directory in which `reports/run` is a sealed run, before `change` had its way with it. */
function withRun(change: (folder: string) => void = () => {}, evidence = entries): CommandLine {
  const line = new CommandLine();
  change(storeRun(join(line.cwd, "reports/run"), evidence));
  return line;
}

const evidenceOf = (folder: string) => readFileSync(join(folder, files.evidence), "utf8");

/** Replaces the evidence, and its sum in the manifest where that is wanted. */
const edit =
  (change: (lines: string[]) => string[], resum = false) =>
  (folder: string) => {
    const text = change(evidenceOf(folder).split("\n")).join("\n");
    writeFileSync(join(folder, files.evidence), text);
    if (!resum) return;
    const manifest = join(folder, files.manifest);
    const sum = createHash("sha256").update(text).digest("hex");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/^.*(?= {2}evidence)/, sum));
  };

describe("check", patience, () => {
  it("gives the verdicts of the run again, byte for byte, without an engine", async () => {
    const line = withRun();
    const before = line.tree();
    const { stdout, stderr } = await line.run("check", "run", "--json");
    expect(stderr).toBe("");
    expect(stdout).toBe(readFileSync(join(line.cwd, "reports/run", files.verdicts), "utf8"));
    expect(line.tree()).toEqual(before);
  });

  it.each<[string, number, typeof entries]>([
    ["passed", ExitCode.pass, withHeader(entries, { claims: ["PC1.1", "PC2.2"] })],
    ["failed", ExitCode.fail, simulate({ scenarios: [chain(policies.pruneF)], policy: policies.pruneF })],
    ["left something open", ExitCode.inconclusive, withHeader(entries, { claims: ["PC1.1", "PC1.2"] })],
    [
      "missed a control",
      ExitCode.internal,
      withHeader(entries, { scenarios: [{ ...chain(), control: true, claims: ["PC1.1"] }] }),
    ],
  ])("ends as a run did that %s", async (_, code, evidence) => {
    const ended = await withRun(() => {}, evidence).run("check", "reports/run");
    expect(ended).toMatchObject({ code, stderr: "" });
    expect(ended.stdout).toContain("evidence is as it was written");
  });

  it.each<[string, (folder: string) => void, RegExp[]]>([
    [
      "was truncated in the middle of a line",
      edit((lines) => [...lines.slice(0, -3), lines.at(-3)?.slice(0, 30) ?? ""]),
      [/evidence\.jsonl was altered/, /is cut short/],
    ],
    [
      "was reordered",
      edit((lines) => [...lines.slice(0, 20), lines[21] ?? "", lines[20] ?? "", ...lines.slice(22)]),
      [/line 21 /, /line 22 .*reordered/],
    ],
    [
      "was edited so that a verdict changes, and given a new sum",
      edit((lines) => lines.map((line) => line.replace('"swarmNodes":1', '"swarmNodes":3')), true),
      [/verdicts\.json does not say/],
    ],
    [
      "had its verdicts edited",
      (folder) => {
        const path = join(folder, files.verdicts);
        writeFileSync(path, readFileSync(path, "utf8").replace(/"fail"|"inconclusive"|"skipped"/, '"pass"'));
      },
      [/verdicts\.json was altered/],
    ],
    [
      "lost its header",
      edit((lines) => lines.slice(1)),
      [/cannot be judged/, /line 1 is not the header of a run/],
    ],
    [
      "had its manifest replaced",
      (folder) => writeFileSync(join(folder, files.manifest), "fine\n"),
      [/manifest was altered/],
    ],
  ])("refuses a run that %s, and says so", async (_, tamper, messages) => {
    const line = withRun(tamper);
    const before = line.tree();
    const ended = await line.run("check", "run");
    expect(ended).toMatchObject({ code: ExitCode.internal, stdout: "" });
    expect(ended.stderr).toMatch(/^error: .+\n {2}seen: reports\/run[\s\S]*\n {2}next: .+\n$/);
    for (const message of messages) expect(ended.stderr).toMatch(message);
    expect(line.tree()).toEqual(before);
  });

  it("judges a run that was cut short, and says that nothing vouches for it", async () => {
    const line = new CommandLine();
    const text = jsonLines(cutBefore(entries, "restart"));
    writeTree(line.cwd, { [`reports/run/${files.evidence}`]: text.slice(0, -7) });
    const ended = await line.run("check", "run");
    expect(ended).toMatchObject({ code: ExitCode.inconclusive, stderr: "" });
    expect(ended.stdout).toContain("no manifest");
  });

  it("knows no run where there is none", async () => {
    const line = new CommandLine();
    const before = line.tree();
    const ended = await line.run("check", "latest");
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(
      /^error: .*no such run\n {2}seen: .*evidence\.jsonl.*\n {2}next: .*npm run verify\n$/,
    );
    expect(line.tree()).toEqual(before);
  });
});
