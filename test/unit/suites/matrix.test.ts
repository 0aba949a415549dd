import { describe, expect, it } from "vitest";
import { claimIds } from "../../../src/model/claim.ts";
import { matrixCell, matrixClaims, plainPrune, told } from "../../../suites/matrix.ts";
import { courierSettings } from "../../support/pressure-run.ts";
import { policies } from "../../support/scenarios.ts";

const settings = { ...courierSettings(), policy: policies.reference };
const cell = matrixCell(settings, "some-cell");
const steps = cell.flatMap((scenario) => scenario.steps);
const at = (id: string) => steps.findIndex((step) => step.id === id);

describe("a cell of the matrix", () => {
  it("has scenarios of its own, told from those of any other cell", () => {
    const others = matrixCell(settings, "another-cell");
    const ids = [...cell, ...others].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("gives evidence for every claim that it is judged on, and for no other", () => {
    const named = new Set<string>(cell.flatMap(({ claims }) => claims));
    expect(claimIds.filter((id) => named.has(id))).toEqual([...matrixClaims]);
  });

  it("lets no claim rest on the prune run that is known to break some", () => {
    const [measured] = cell.filter((scenario) => scenario.steps.some(({ id }) => id === plainPrune.prune));
    expect(measured).toMatchObject({ claims: [], control: false });
    expect(steps[at(plainPrune.prune)]).toMatchObject({
      do: "prune",
      policy: settings.controls.danglingOnly,
    });
  });

  it("prunes plainly what the chain has left, redeploys then, and only later changes an image", () => {
    expect(at("teardown-4")).toBeGreaterThan(-1);
    expect(at("teardown-4")).toBeLessThan(at(plainPrune.prune));
    expect(steps[at(plainPrune.prune) + 1]).toMatchObject({
      id: plainPrune.deploy,
      do: "deploy",
      images: {},
    });
    expect(steps.findIndex((step) => step.do === "publish")).toBeGreaterThan(at(plainPrune.deploy));
  });

  it("has the two deploys whose requests are told", () => {
    expect(steps[at(told.cold)]).toMatchObject({ do: "deploy", expect: "cold" });
    expect(steps[at(told.warm)]).toMatchObject({ do: "deploy", expect: "cached" });
    expect(at(told.cold)).toBeLessThan(at(told.warm));
  });

  it("pulls by tag first where that is asked for", () => {
    const prepulled = matrixCell({ ...settings, prepull: true }, "cell").flatMap(
      (scenario) => scenario.steps,
    );
    for (const step of prepulled) if (step.do === "deploy") expect(step.prepull).toBe(true);
  });
});
