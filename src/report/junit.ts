import type { VerdictWord } from "../model/verdict.ts";
import { escapeXml } from "./escape.ts";
import type { TestCase, TestRun } from "./test-cases.ts";

/**
 * A run as JUnit XML, in the form that CI systems agree on
 * (https://github.com/testmoapp/junitxml). It knows no word for "there is no evidence either way": such a claim
 * is `skipped`, with a message that says so. A claim has no duration of its own, so only the whole has one.
 */
export function renderJunit({ name, start, stop, cases }: TestRun): string {
  const suites = [...Map.groupBy(cases, ({ suite }) => suite)];
  const about = `timestamp="${new Date(start).toISOString()}" time="${((stop - start) / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="pullproof ${escapeXml(name)}" ${counts(cases)} ${about}>`,
    ...suites.map(([suite, own]) => renderSuite(suite, own)),
    "</testsuites>",
    "",
  ].join("\n");
}

function renderSuite(suite: string, cases: readonly TestCase[]): string {
  return [
    `  <testsuite name="${escapeXml(suite)}" ${counts(cases)}>`,
    ...cases.map(renderCase),
    "  </testsuite>",
  ].join("\n");
}

const elements: Record<VerdictWord, "failure" | "error" | "skipped" | null> = {
  fail: "failure",
  error: "error",
  inconclusive: "skipped",
  skipped: "skipped",
  pass: null,
};

function counts(cases: readonly TestCase[]): string {
  const of = (element: string) => cases.filter(({ verdict }) => elements[verdict] === element).length;
  return `tests="${cases.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}"`;
}

function renderCase({ suite, name, verdict, found, remedy }: TestCase): string {
  const open = `    <testcase classname="pullproof.${suite}" name="${escapeXml(name)}"`;
  const element = elements[verdict];
  if (element === null) return `${open}/>`;
  const todo = remedy === null ? "" : `; what to do: ${remedy}`;
  return `${open}><${element} message="${escapeXml(`${verdict}: ${found}${todo}`)}"/></testcase>`;
}
