import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { judge } from "../../../src/check/judge.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { renderCtrf } from "../../../src/report/ctrf.ts";
import { renderJunit } from "../../../src/report/junit.ts";
import { type TestRun, testRunOf } from "../../../src/report/test-cases.ts";
import { CommandLine } from "../../support/command-line.ts";
import { quietNight, runOf } from "../../support/nights.ts";
import { simulate } from "../../support/simulation.ts";
import { storeRun } from "../../support/stored-run.ts";
import { elementsOf, parseXml } from "../../support/xml.ts";

const hostile = `a & b < c > "d" 'e' ]]> <!-- \u0000\u001b[31m\ud800\uffff\u202e ünï 💥`;
const run: TestRun = {
  name: hostile,
  start: 1_000_000,
  stop: 1_061_500,
  cases: [
    { suite: "claims", name: "PC1.1", verdict: "pass", found: "fine", remedy: null },
    { suite: "claims", name: hostile, verdict: "fail", found: hostile, remedy: hostile },
    { suite: "claims", name: "PC2.1", verdict: "inconclusive", found: "unseen", remedy: "look again" },
    { suite: "claims", name: "PC3.4", verdict: "skipped", found: "not judged", remedy: null },
    { suite: "controls", name: "control", verdict: "error", found: "not caught", remedy: null },
  ],
};

describe("JUnit", () => {
  const document = parseXml(renderJunit(run));

  it("counts what it holds, as a whole and in each suite", () => {
    const totals = { tests: "5", failures: "1", errors: "1", skipped: "2" };
    expect(document).toMatchObject({ name: "testsuites", attributes: { ...totals, time: "61.500" } });
    expect(elementsOf(document, "testsuite").map(({ attributes }) => attributes)).toMatchObject([
      { name: "claims", tests: "4", failures: "1", errors: "0", skipped: "2" },
      { name: "controls", tests: "1", failures: "0", errors: "1", skipped: "0" },
    ]);
  });

  it("has a case for each, a failure where a claim failed, and never a pass for what is not known", () => {
    const cases = elementsOf(document, "testcase");
    expect(cases.map(({ children }) => children[0]?.name)).toEqual([
      undefined,
      "failure",
      "skipped",
      "skipped",
      "error",
    ]);
    expect(cases[2]?.children[0]?.attributes.message).toBe("inconclusive: unseen; what to do: look again");
  });

  it("stays well-formed whatever things are called, and hides nothing of their names", () => {
    const name = elementsOf(document, "testcase")[1]?.attributes.name;
    expect(name).toContain(`a & b < c > "d" 'e' ]]> <!--`);
    expect(name).toContain("\\u{1b}[31m");
    expect(name).toContain("\\u{d800}\\u{ffff}\\u{202e} ünï 💥");
  });
});

/** What schema/ctrf.schema.json of ctrf-io/ctrf requires, and its `additionalProperties: false`. */
const count = z.number().int().nonnegative();
const ctrf = z.object({
  reportFormat: z.literal("CTRF"),
  specVersion: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/),
  results: z.strictObject({
    tool: z.strictObject({ name: z.string().min(1), version: z.string() }),
    summary: z.strictObject({
      tests: count,
      passed: count,
      failed: count,
      skipped: count,
      pending: count,
      other: count,
      start: count,
      stop: count,
    }),
    tests: z.array(
      z.strictObject({
        name: z.string().min(1),
        status: z.enum(["passed", "failed", "skipped", "pending", "other"]),
        duration: count,
        suite: z.array(z.string()).min(1),
        message: z.string(),
        rawStatus: z.string(),
      }),
    ),
    environment: z.strictObject({ appName: z.string(), buildName: z.string() }),
  }),
});

describe("CTRF", () => {
  const { results } = ctrf.parse(JSON.parse(renderCtrf(run)));

  it("counts each case once, and what is not known as neither passed nor failed", () => {
    const { tests, passed, failed, skipped, pending, other } = results.summary;
    expect({ passed, failed, skipped, other }).toEqual({ passed: 1, failed: 2, skipped: 1, other: 1 });
    expect(passed + failed + skipped + pending + other).toBe(tests);
    expect(results.tests.map(({ rawStatus }) => rawStatus)).toEqual(run.cases.map(({ verdict }) => verdict));
  });

  it("shows characters that would hide something", () => {
    expect(results.tests[1]?.name).toContain("\\u{1b}[31m");
  });
});

describe("a run as tests", () => {
  it("has the claims that were asked for, and each control", () => {
    const entries = simulate();
    const judgement = judge(entries);
    const { cases, start, stop } = testRunOf(entries, judgement);
    expect(cases.filter(({ suite }) => suite === "claims")).toHaveLength(judgement.claims.length);
    expect(cases.filter(({ suite }) => suite === "controls").map(({ verdict }) => verdict)).toEqual(
      judgement.controls.map(() => "pass"),
    );
    expect(stop).toBeGreaterThan(start);
  });

  it("takes a control that was not caught for an error of the instrument", () => {
    const entries = quietNight(1);
    const judgement = { ...judge(entries), controls: [{ id: "c", claims: [], caught: false, verdicts: [] }] };
    expect(testRunOf(entries, judgement).cases.at(-1)).toMatchObject({ suite: "controls", verdict: "error" });
  });
});

describe("check --junit --ctrf", { timeout: 60_000 }, () => {
  it("writes both for any stored run, beside what it prints", async () => {
    const line = new CommandLine();
    storeRun(join(line.cwd, "reports", runOf(1)), quietNight(1));
    const ended = await line.run("check", runOf(1), "--junit", "junit.xml", "--ctrf", "ctrf.json");
    expect(ended).toMatchObject({ code: ExitCode.pass, stderr: "" });
    const junit = parseXml(readFileSync(join(line.cwd, "junit.xml"), "utf8"));
    const { results } = ctrf.parse(JSON.parse(readFileSync(join(line.cwd, "ctrf.json"), "utf8")));
    expect(elementsOf(junit, "testcase")).toHaveLength(results.tests.length);
    expect(junit.attributes).toMatchObject({ name: `pullproof ${runOf(1)}`, failures: "0" });
  });

  it("says so where they cannot be written", async () => {
    const line = new CommandLine();
    storeRun(join(line.cwd, "reports", runOf(1)), quietNight(1));
    const ended = await line.run("check", runOf(1), "--junit", "nowhere/junit.xml");
    expect(ended.code).toBe(ExitCode.unavailable);
    expect(ended.stderr).toMatch(/nowhere\/junit\.xml[\s\S]*next:/);
  });
});
