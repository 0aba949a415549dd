import { describe, expect, it } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import { cellOf } from "../../../src/gauntlet/cells.ts";
import { gauntletCell } from "../../../suites/gauntlet.ts";
import { without } from "../../support/edit.ts";
import { courierSettings, pressureRun } from "../../support/pressure-run.ts";
import { policies } from "../../support/scenarios.ts";
import { prunes, removeUnused, type SimulatedPrune } from "../../support/simulated-prune.ts";

const id = "some-policy-on-graphdriver";
const ran = (prune: SimulatedPrune) =>
  pressureRun(prune, { scenarios: [gauntletCell(courierSettings(), id, policies.reference)] });

describe("a cell of the gauntlet", () => {
  it("passes a policy that does all right, which costs no byte and one manifest GET a service", () => {
    const { early, pressed, verdicts } = cellOf(readHistory(ran(prunes())), id);
    expect(verdicts).toEqual({ "PC1.1": "pass", "PC1.2": "pass", "PC1.3": "pass", "PC2.4": "pass" });
    expect(early).toMatchObject({ lost: 0, layerBytes: 0, manifestGets: 2 });
    expect(pressed).toMatchObject({ layerBytes: 0, manifestGets: 2 });
    expect(pressed.lost).toBeGreaterThan(0);
    expect(pressed.disk).toBeLessThan(0.7);
  });

  it("tells what one costs that removes all that is unused", () => {
    const { early, verdicts } = cellOf(readHistory(ran(removeUnused)), id);
    expect(verdicts).toMatchObject({ "PC1.1": "fail", "PC1.2": "fail", "PC1.3": "fail", "PC2.4": "fail" });
    expect(early.lost).toBeGreaterThan(1);
    expect(early.layerBytes).toBeGreaterThan(1e6);
    expect(early.manifestGets).toBeGreaterThan(2);
  });

  it("does not guess what was not seen, and not what did not take place", () => {
    const blind = without(without(ran(prunes()), { kind: "images", step: "prune-early" }), {
      kind: "disk",
      step: "prune",
    });
    const cell = cellOf(readHistory(blind), id);
    expect(cell.early.lost).toBeNull();
    expect(cell.pressed.disk).toBeNull();
    expect(cellOf(readHistory(blind), "another").early).toEqual({
      lost: null,
      disk: null,
      layerBytes: null,
      manifestGets: null,
    });
  });
});
