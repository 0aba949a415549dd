import { describe, expect, it } from "vitest";
import type { Scenario, Step } from "../../../src/model/plan.ts";
import { interruptions, outages, scenario as schema } from "../../../src/model/plan.ts";
import { type FaultCase, faultNames, labFaults, vmFaults } from "../../../suites/faults.ts";
import { courierSettings } from "../../support/pressure-run.ts";

const cases = [
  ...labFaults(courierSettings("graphdriver")),
  ...labFaults(courierSettings("containerd")),
  ...vmFaults(courierSettings()),
];
const that = <D extends Step["do"]>({ steps }: Scenario, does: D) =>
  steps.filter((step): step is Extract<Step, { do: D }> => step.do === does);
const on = (host: string) => cases.filter((about) => about.host === host);

describe("the faults", () => {
  it("are all there, each hub's with and without a tag, on both image stores", () => {
    expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(faultNames));
    for (const store of ["graphdriver", "containerd"])
      for (const outage of outages)
        expect(
          on(store)
            .filter(({ fault }) => fault === outage)
            .map(({ prepull }) => prepull),
        ).toEqual([false, true]);
  });

  it("have scenarios that are told apart by their ids and fit the schema of evidence", () => {
    const ids = cases.map(({ scenario }) => scenario.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { scenario } of cases) expect(schema.parse(scenario)).toEqual(scenario);
  });

  it("cut the power of a machine, and of no lab, whose kernel is shared", () => {
    const cut = cases.filter(({ fault }) => fault === "power-cut");
    expect(cut.map(({ kind }) => kind)).toEqual(["vm"]);
    // What fills a disk to its last byte needs one that is small.
    expect(on("vm").map(({ fault }) => fault)).not.toContain("full-disk");
    const patience = on("vm").flatMap(({ scenario }) =>
      that(scenario, "deploy").map((step) => step.timeoutSeconds),
    );
    expect(Math.min(...patience)).toBeGreaterThan(2 * courierSettings().timeoutSeconds);
  });
});

describe.each(cases.map((about) => [about.scenario.id, about] as const))("%s", (_, about: FaultCase) => {
  const { scenario, fault } = about;
  const index = (id: string) => scenario.steps.findIndex((step) => step.id === id);

  it("begins with a host as new, and leaves nothing deployed", () => {
    expect(["reset", "evict"]).toContain(scenario.steps[0]?.do);
    expect(scenario.steps.at(-1)?.do).toBe("teardown");
    expect(that(scenario, "teardown")).toHaveLength(that(scenario, "deploy").length);
  });

  it("is followed by a deploy that has to come up, with nothing in its way", () => {
    const last = that(scenario, "deploy").at(-1);
    expect(["cold", "cached"]).toContain(last?.expect);
    const before = scenario.steps.slice(0, index(last?.id ?? ""));
    const faulty = before.findLastIndex((step) => step.do === "fault" || step.do === "outage");
    const lifted = before.findLastIndex((step) => step.do === "lift-faults");
    expect(lifted).toBeGreaterThanOrEqual(faulty);
    const full = that(scenario, "interrupt").some(({ by }) => by === "full-disk");
    expect(before.some((step) => step.do === "fill" && step.share === 0)).toBe(full);
  });

  it("pulls nothing ahead while the hub is of no use, and before that as the mode says", () => {
    const [outage] = that(scenario, "outage");
    if (outage === undefined) return;
    const [first, ...later] = that(scenario, "deploy");
    expect(index(first?.id ?? "")).toBeLessThan(index(outage.id));
    expect(first?.prepull).toBe(about.prepull);
    expect(later.map(({ prepull }) => prepull)).toEqual([false, false]);
    const refused = about.prepull === false && fault !== "spent-budget";
    expect(later.map(({ expect }) => expect)).toEqual([refused ? "refused" : "cached", "cached"]);
  });

  it("deploys what it interrupted, which nobody else has pulled on this host", () => {
    const [interrupt] = that(scenario, "interrupt");
    if (interrupt === undefined) return;
    expect(interruptions).toContain(fault);
    expect(interrupt.by).toBe(fault);
    expect(that(scenario, "deploy")[0]?.images.app).toEqual({ ...interrupt.pulls, pin: false });
    const others = on(about.host).filter((other) => other !== about);
    for (const other of others)
      expect(JSON.stringify(other.scenario.steps)).not.toContain(`"tag":"${interrupt.pulls.tag}"`);
  });
});
