import { describe, expect, it } from "vitest";
import type { Scenario, Step } from "../../../src/model/plan.ts";
import { highWaterMark, lowWaterMark, oldAfterDays } from "../../../src/model/pressure.ts";
import { pressureControls } from "../../../suites/controls.ts";
import { pressure } from "../../../suites/pc1-pressure.ts";
import { changingVersions } from "../../../suites/pc3-cycles.ts";
import { courierSettings } from "../../support/pressure-run.ts";

const command = { name: "command", title: "janitor", command: "janitor --now" };
const settings = { ...courierSettings(), policy: command, timeoutSeconds: 77 };

const that = <D extends Step["do"]>({ steps }: Scenario, does: D) =>
  steps.filter((step): step is Extract<Step, { do: D }> => step.do === does);
const at = ({ steps }: Scenario, id: string) => steps.findIndex((step) => step.id === id);

describe.each([pressure(settings), changingVersions(settings)])("$id", (scenario) => {
  it("judges the policy that was asked for, and gives the recipe the time that it asks for", () => {
    expect(that(scenario, "prune").length).toBeGreaterThan(0);
    for (const { policy } of that(scenario, "prune")) expect(policy).toEqual(command);
    for (const { timeoutSeconds } of that(scenario, "deploy")) expect(timeoutSeconds).toBe(77);
  });

  it("takes all ballast away when it is over, so that what comes after it finds room", () => {
    expect(that(scenario, "fill").at(-1)?.share).toBe(0);
  });
});

describe("the suite of disk pressure", () => {
  const suite = pressure(settings);
  const prunes = that(suite, "prune");
  const firstFill = suite.steps.findIndex((step) => step.do === "fill");

  it("shows first, for several rounds, that nothing is done early, and then that it is done", () => {
    const early = prunes.filter((step) => suite.steps.indexOf(step) < firstFill);
    expect(early.length).toBeGreaterThanOrEqual(3);
    expect(early.map(({ during }) => during)).toEqual(early.map(() => null));
    expect(prunes.slice(early.length).some(({ during }) => during === null)).toBe(true);
  });

  it("tries a prune run during everything that may go on, before one at rest takes the orphans away", () => {
    const tried = prunes.map(({ during }) => during);
    expect(new Set(tried)).toEqual(new Set([null, "lock", "pull", "convergence", "second-prune"]));
    const atRest = prunes.findIndex((step) => step.during === null && suite.steps.indexOf(step) > firstFill);
    for (const name of ["lock", "pull", "convergence"] as const)
      expect(tried.indexOf(name)).toBeLessThan(atRest);
  });

  it("fills the disk above the mark each time, and once so far that orphans cannot suffice", () => {
    const shares = that(suite, "fill")
      .map(({ share }) => share)
      .slice(0, -1);
    expect(Math.min(...shares)).toBeGreaterThan(highWaterMark);
    expect(Math.max(...shares)).toBeGreaterThan(1 - (highWaterMark - lowWaterMark));
  });

  it("pulls orphans long before, one after the other, and a fresh one after the days have passed", () => {
    const [days] = that(suite, "age");
    expect(days?.days).toBeGreaterThanOrEqual(oldAfterDays);
    const passed = at(suite, days?.id ?? "");
    const pulls = that(suite, "pull-variant");
    const [old, fresh] = [
      pulls.filter((step) => suite.steps.indexOf(step) < passed),
      pulls.filter((step) => suite.steps.indexOf(step) > passed),
    ];
    expect(old.length).toBeGreaterThan(5);
    expect(fresh).toHaveLength(1);
    // As after a swarm's own pull: cached, and without a tag.
    expect(new Set(pulls.map(({ by }) => by))).toEqual(new Set(["digest"]));
    const names = pulls.map(({ image }) => `${image.repository}:${image.tag}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has a stopped container on an old image, and the left-over of a build", () => {
    const [container] = that(suite, "create-container");
    const [days] = that(suite, "age");
    expect(that(suite, "pull-variant").map(({ image }) => image)).toContainEqual(container?.image);
    for (const id of [container?.id, that(suite, "build")[0]?.id]) {
      expect(at(suite, id ?? "")).toBeGreaterThan(-1);
      expect(at(suite, id ?? "")).toBeLessThan(at(suite, days?.id ?? ""));
    }
  });

  it("deploys in the end what was pulled during a prune run, and expects it to be cached", () => {
    const [pulled] = prunes.flatMap(({ pulls }) => (pulls === null ? [] : [pulls]));
    expect(that(suite, "deploy").at(-1)).toMatchObject({
      expect: "cached",
      images: { app: { ...pulled, pin: false } },
    });
  });
});

describe("the suite of changing versions", () => {
  const suite = changingVersions(settings);

  it("deploys another version each time, more often than the criterion asks for", () => {
    const versions = that(suite, "deploy").map(({ images }) => images.app?.tag ?? "what the recipe names");
    expect(new Set(versions).size).toBe(versions.length);
    expect(versions.length).toBeGreaterThanOrEqual(20);
    expect(new Set(that(suite, "deploy").map(({ expect }) => expect))).toEqual(new Set(["cold"]));
  });

  it("deploys first what the recipe names: a pin that was never resolved protects every release", () => {
    expect(that(suite, "deploy").findIndex(({ images }) => Object.keys(images).length === 0)).toBe(0);
  });

  it("tears each down, lets it grow older, and prunes", () => {
    const round = ["deploy", "teardown", "age", "prune"];
    const doings = suite.steps.map((step) => step.do).filter((does) => does !== "fill");
    // It may be asked for alone: the base image that has to stay is pulled first.
    expect(doings).toEqual(["pull", ...that(suite, "deploy").flatMap(() => round)]);
  });

  it("keeps the last releases fresh, and lets the others grow old", () => {
    const [days = 0] = that(suite, "age").map((step) => step.days);
    expect(days).toBeLessThan(oldAfterDays);
    expect(days * that(suite, "age").length).toBeGreaterThan(2 * oldAfterDays);
  });
});

describe("the control of a small host", () => {
  it("has something fresh to lose, under pressure, during a run and at rest", () => {
    const [control] = pressureControls(settings);
    if (control === undefined) throw new Error("there is no control");
    expect(control).toMatchObject({ control: true, claims: ["PC1.2", "PC1.3"] });
    expect(control.steps.map((step) => step.do)).toEqual([
      ...["pull-variant", "fill", "prune"],
      ...["pull-variant", "fill", "prune"],
      "fill",
    ]);
    expect(that(control, "prune").map(({ policy }) => policy)).toEqual(
      that(control, "prune").map(() => settings.controls.everyUnused),
    );
  });
});
