import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { renderManifest } from "../../../src/check/manifest.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { renderVerdicts } from "../../../src/report/verdicts.ts";
import { files, hashOf, readManifest } from "../../../src/runner/run-folder.ts";
import { findRun, readStoredRun, requireSound } from "../../../src/runner/stored.ts";
import { cutBefore, jsonLines } from "../../support/edit.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun } from "../../support/stored-run.ts";
import { tempFolder } from "../../support/temp.ts";

const entries = simulate({ scenarios: [chain()] });

/** A working directory of its own, with runs under `reports/`. */
function workingDirectory(...runs: string[]): string {
  const [folder, before] = [tempFolder(), process.cwd()];
  for (const run of runs) storeRun(join(folder, "reports", run), entries);
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
  return folder;
}

describe("findRun", () => {
  it("finds a run by its folder and by its name under reports/", () => {
    const folder = workingDirectory("one");
    for (const name of ["reports/one", "./reports/one/", join(folder, "reports/one"), "one"])
      expect(findRun(name)).toBe("reports/one");
  });

  it("names the run itself where a link leads to it", () => {
    workingDirectory("one");
    symlinkSync("one", "reports/latest");
    expect(findRun("latest")).toBe("reports/one");
    expect(findRun("reports/latest")).toBe("reports/one");
  });

  it("finds the run that it stands in", () => {
    workingDirectory("one");
    process.chdir("reports/one");
    expect(findRun(".")).toBe(".");
  });

  it.each(["none", "", "reports", "../etc"])("finds none as %j, and says where it looked", (name) => {
    workingDirectory("one");
    expect(() => findRun(name)).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.usage,
        seen: expect.stringContaining(join("reports", name)),
      }),
    );
  });

  it("takes a folder without evidence for no run", () => {
    workingDirectory();
    mkdirSync("reports/empty", { recursive: true });
    expect(() => findRun("empty")).toThrow(expect.objectContaining({ exitCode: ExitCode.usage }));
  });
});

describe("readStoredRun", () => {
  /** A sealed run in which `change` has had its way with the files. */
  function stored(change: (folder: string) => void = () => {}) {
    const folder = storeRun(join(tempFolder(), "run"), entries);
    change(folder);
    return { folder, read: () => readStoredRun(folder) };
  }

  const evidenceOf = (folder: string) => readFileSync(join(folder, files.evidence), "utf8");
  const editEvidence = (edit: (text: string) => string) => (folder: string) =>
    writeFileSync(join(folder, files.evidence), edit(evidenceOf(folder)));

  it("judges a sound run as it was judged, with nothing to complain of", () => {
    const { folder, read } = stored();
    const run = read();
    expect(run).toMatchObject({ folder, sealed: true, problems: [], entries });
    expect(renderVerdicts(run.judgement)).toBe(readFileSync(join(folder, files.verdicts), "utf8"));
    expect(() => requireSound(run)).not.toThrow();
  });

  it("tells altered evidence by its sum, though every line is sound", () => {
    const { read } = stored(editEvidence((text) => text.replace('"kernel":"6.1.0"', '"kernel":"6.1.1"')));
    expect(read().problems).toEqual([expect.stringContaining(`${files.evidence} was altered`)]);
  });

  it("tells the line at which evidence was cut off, torn, or put in another order", () => {
    const cut = stored(editEvidence((text) => `${text.split("\n").slice(0, 40).join("\n")}\n`)).read();
    expect(cut.problems.slice(0, 2)).toEqual([
      expect.stringContaining("was altered"),
      expect.stringMatching(/^line 40 .*cut off/),
    ]);
    const torn = stored(editEvidence((text) => text.slice(0, -10))).read();
    expect(torn.problems).toContainEqual(expect.stringContaining("cut short"));
    const swapped = stored(
      editEvidence((text) => text.replace(/^(.*\n)(.*\n)(.*\n)/, (_, a, b, c) => `${a}${c}${b}`)),
    ).read();
    expect(swapped.problems).toContainEqual(expect.stringMatching(/^line 2 /));
  });

  it("tells verdicts that do not follow from the evidence, even where the sums were made anew", () => {
    const { folder } = stored();
    const flattering = judge(entries);
    flattering.overall = "pass";
    writeFileSync(join(folder, files.verdicts), renderVerdicts(flattering));
    const sums = [...(readManifest(folder)?.manifest.keys() ?? [])].map((name): [string, string] => [
      name,
      hashOf(join(folder, name)),
    ]);
    writeFileSync(join(folder, files.manifest), renderManifest(new Map(sums)));
    expect(readStoredRun(folder).problems).toEqual([expect.stringContaining(files.verdicts)]);
  });

  it("misses the sums of a run that came to its end", () => {
    const { read } = stored((folder) => rmSync(join(folder, files.manifest)));
    expect(read().problems).toEqual([expect.stringContaining(`${files.manifest} is missing`)]);
  });

  it("judges a run that was cut short, which has nothing that vouches for it", () => {
    const { folder } = stored((path) => {
      for (const name of [files.manifest, files.verdicts, files.report]) rmSync(join(path, name));
      const text = jsonLines(cutBefore(entries, "prune"));
      writeFileSync(join(path, files.evidence), text.slice(0, -5));
    });
    const run = readStoredRun(folder);
    expect(run).toMatchObject({ sealed: false, problems: [] });
    expect(run.judgement.overall).not.toBe("pass");
  });

  it("lists all that is wrong when it refuses a run", () => {
    const { read } = stored((folder) => {
      rmSync(join(folder, files.report));
      writeFileSync(join(folder, files.verdicts), "{}\n");
    });
    expect(() => requireSound(read())).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.internal,
        seen: expect.stringMatching(
          /report\.md is missing[\s\S]*verdicts\.json does not say|verdicts\.json[\s\S]*report\.md/,
        ),
      }),
    );
  });

  it.each([
    ["is empty", ""],
    ["has no header", jsonLines(entries.slice(1))],
    ["is of another program", "hello\n"],
  ])("refuses evidence that %s, and says so", (_, text) => {
    const { folder, read } = stored(editEvidence(() => text));
    expect(read).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.internal,
        what: expect.stringContaining("cannot be judged"),
        seen: expect.stringContaining(join(folder, files.evidence)),
      }),
    );
  });
});
