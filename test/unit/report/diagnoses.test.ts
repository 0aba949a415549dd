import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { type Check, type Diagnosis, ok, problem, unknown, warning } from "../../../src/doctor/diagnosis.ts";
import { exitCodeOf, requireFit } from "../../../src/doctor/refuse.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { renderDiagnoses, renderDiagnosesJson } from "../../../src/report/diagnoses.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const fine: Diagnosis = { check: "engine", ...ok("26.1.5") };
const warned: Diagnosis = { check: "services", ...warning("wiki is not up", "wait") };
const unseen: Diagnosis = { check: "disk", ...unknown("it cannot be looked at", "log in as root") };
const bad = (check: Check = "swarm"): Diagnosis => ({ check, ...problem("no swarm", "docker swarm init") });
const plain = { width: 120, color: false };

describe("renderDiagnoses", () => {
  it("tells of each check what was found and what to do, and what it comes to", () => {
    const text = renderDiagnoses([fine, warned, bad()], plain);
    expect(text).toMatch(/engine +│ ok +│ 26\.1\.5/);
    expect(text).toMatch(/services +│ warning +│ wiki is not up/);
    expect(text).toMatch(/swarm +│ problem +│ no swarm/);
    expect(text).toContain("next: docker swarm init");
    expect(text).toMatch(/\nnot fit for a run: 1 problem in the way; 1 warning$/);
  });

  it.each<[Diagnosis[], RegExp]>([
    [[fine], /fit for a run$/],
    [[fine, warned], /fit for a run; 1 warning$/],
    [[fine, unseen, warned], /no problem was found; 1 thing could not be looked at; 1 warning$/],
    [[bad(), bad("clock"), unseen], /2 problems in the way; 1 thing could not be looked at$/],
  ])("calls a host fit only if everything was looked at: %#", (diagnoses, end) => {
    expect(renderDiagnoses(diagnoses, plain).split("\n").at(-1)).toMatch(end);
  });

  it.each([200, 120, 80, 61, 40, 1])("loses no word on a terminal of %i columns", (width) => {
    const found = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
    const text = renderDiagnoses([{ check: "pulls in flight", ...warning(found, "wait") }], {
      width,
      color: false,
    });
    for (const word of ["pulls in flight", "warning", ...found.split(" "), "next: wait"])
      expect(text).toContain(word);
    if (width >= 60) for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  });

  it("colours the status alone, and only when it is told to", () => {
    const text = renderDiagnoses([bad()], { width: 120, color: true });
    expect(text).toContain("\u001b[31mproblem");
    expect(stripVTControlCharacters(text)).toBe(renderDiagnoses([bad()], plain));
  });

  it("shows names of the host as data", () => {
    const hostile = "evil\u001b[2J\u202e\n│ swarm │ ok";
    const text = renderDiagnoses([{ check: "stack name", ...problem(hostile, hostile) }], plain);
    for (const char of ["\u001b", "\u202e"]) expect(text).not.toContain(char);
    expect(text).toContain("evil\\u{1b}[2J\\u{202e} │ swarm │ ok");
  });
});

describe("renderDiagnosesJson", () => {
  it("holds every diagnosis, and the exit code", () => {
    const parsed = JSON.parse(renderDiagnosesJson([fine, bad()], ExitCode.unavailable));
    expect(parsed).toEqual({
      conclusion: expect.stringContaining("not fit"),
      exitCode: 69,
      diagnoses: [fine, bad()],
    });
  });
});

describe("exitCodeOf", () => {
  it.each<[Diagnosis[], number]>([
    [[fine], ExitCode.pass],
    [[fine, warned], ExitCode.pass],
    [[fine, warned, unseen], ExitCode.inconclusive],
    [[unseen, bad(), fine], ExitCode.unavailable],
  ])("%#", (diagnoses, code) => {
    expect(exitCodeOf(diagnoses)).toBe(code);
  });
});

describe("requireFit", () => {
  it("lets a run go on where no problem was found", () => {
    expect(() => requireFit([fine, warned, unseen])).not.toThrow();
  });

  it("refuses a run with every problem and what to do about each, as data", async () => {
    const hostile: Diagnosis = { check: "stack name", ...problem("taken by \u001b[2J", "remove it") };
    expect(await thrownBy(() => requireFit([fine, bad(), warned, hostile]))).toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: "swarm: no swarm; stack name: taken by \\u{1b}[2J",
      next: "docker swarm init; remove it",
    });
  });
});
