import type { VerdictWord } from "../model/verdict.ts";
import { version } from "../version.ts";
import { visible } from "./escape.ts";
import type { TestRun } from "./test-cases.ts";

/** `other` is what CTRF calls a result that is none of its own: there is no evidence either way. */
const statuses: Record<VerdictWord, "passed" | "failed" | "skipped" | "other"> = {
  fail: "failed",
  error: "failed",
  inconclusive: "other",
  skipped: "skipped",
  pass: "passed",
};

/**
 * A run as CTRF, the Common Test Report Format (https://ctrf.io, schema/ctrf.schema.json of ctrf-io/ctrf). A claim has
 * no duration of its own, and CTRF asks for one: it is 0.
 */
export function renderCtrf({ name, start, stop, cases }: TestRun): string {
  const tests = cases.map(({ suite, name, verdict, found, remedy }) => ({
    name: visible(name),
    status: statuses[verdict],
    duration: 0,
    suite: ["pullproof", suite],
    message: visible(remedy === null ? found : `${found}; what to do: ${remedy}`),
    rawStatus: verdict,
  }));
  const number = (wanted: string) => tests.filter(({ status }) => status === wanted).length;
  const summary = {
    tests: tests.length,
    passed: number("passed"),
    failed: number("failed"),
    skipped: number("skipped"),
    pending: 0,
    other: number("other"),
    start,
    stop,
  };
  const report = {
    reportFormat: "CTRF",
    specVersion: "1.0.0",
    results: {
      tool: { name: "pullproof", version },
      summary,
      tests,
      environment: { appName: "pullproof", buildName: visible(name) },
    },
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
