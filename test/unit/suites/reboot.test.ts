import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Policy } from "../../../src/model/plan.ts";
import { reboots, volatileStore } from "../../../suites/pc2-reboot.ts";
import type { SuiteSettings } from "../../../suites/settings.ts";
import { policies } from "../../support/scenarios.ts";
import { smallHost } from "../../support/simulated-host.ts";
import { simulate } from "../../support/simulation.ts";

const settings: SuiteSettings = {
  imageStore: "graphdriver",
  registryAuth: true,
  choosesAuth: true,
  prepull: false,
  samples: 3,
  policy: policies.reference,
  controls: { danglingOnly: policies.pruneF, everyUnused: policies.pruneAf },
  baseImage: "pullproof/base:1.0.0",
  changing: { service: "app", image: { repository: "pullproof/worker", tag: "1.0.0", variant: "a" } },
  timeoutSeconds: 77,
};

describe("the reboots", () => {
  const { steps, control, claims } = reboots(settings, ["power-cut", "reboot"]);
  const at = (id: string) => steps.findIndex((step) => step.id === id);

  it("come in the manners that are asked for, and each has a redeploy of its own", () => {
    const around = steps.flatMap((step) =>
      step.do === "restart" ? [step.manner] : step.do === "deploy" ? [step.expect] : [],
    );
    expect(around).toEqual(["cold", "power-cut", "cached", "reboot", "cached"]);
  });

  it("find a host at rest first, and then one with the app running", () => {
    const ran = steps.flatMap((step, index) => {
      if (step.do !== "restart") return [];
      const last = steps.slice(0, index).findLast(({ do: does }) => ["deploy", "teardown"].includes(does));
      return [last?.do];
    });
    expect(ran).toEqual(["teardown", "deploy"]);
  });

  it("are prune runs' neighbours on both sides, by the policy that is judged", () => {
    const prunes = steps.flatMap((step, index) => (step.do === "prune" ? [{ step, index }] : []));
    expect(prunes.map(({ step }) => step.policy)).toEqual([policies.reference, policies.reference]);
    const [before = -1, after = -1] = prunes.map(({ index }) => index);
    const restarts = steps.flatMap((step, index) => (step.do === "restart" ? [index] : []));
    expect([before, ...restarts, after]).toEqual([before, ...restarts, after].toSorted((a, b) => a - b));
  });

  it("give evidence for PC2.3, with the operator's image pulled first and nothing left deployed", () => {
    expect([control, claims.includes("PC2.3")]).toEqual([false, true]);
    expect(steps[0]).toMatchObject({ do: "pull", image: settings.baseImage });
    expect(at("teardown-3")).toBe(steps.length - 1);
  });
});

describe("the control of the reboots", () => {
  it("loses in a reboot what it was given before, and must break PC2.3 alone", () => {
    const { steps, control, claims } = volatileStore(settings);
    expect({ control, claims }).toEqual({ control: true, claims: ["PC2.3"] });
    expect(steps.map(({ do: does }) => does)).toEqual(["volatile-store", "pull", "restart"]);
    // An engine that only restarts keeps what is in memory.
    expect(steps.at(-1)).not.toMatchObject({ manner: "restart" });
  });
});

describe("in a simulated run", () => {
  const machine = { ...smallHost("graphdriver"), name: "vm", disk: { totalBytes: 100e9, otherBytes: 10e9 } };
  const judged = (policy: Policy = policies.reference, ...manners: Parameters<typeof reboots>[1] | []) => {
    const [atRest = "reboot", running = "power-cut"] = manners;
    const scenarios = [reboots({ ...settings, policy }, [atRest, running]), volatileStore(settings)];
    return judge(simulate({ host: machine, policy, scenarios }));
  };

  it.each([
    ["reboot", "reboot"],
    ["power-cut", "power-cut"],
    ["reboot", "power-cut"],
  ] as const)("every claim of the reboots (%s, %s) passes, and the control is caught", (...manners) => {
    const { claims, controls } = judged(policies.reference, ...manners);
    const about = reboots(settings, ["reboot", "reboot"]).claims;
    expect(claims.filter(({ verdict }) => verdict === "pass").map(({ id }) => id)).toEqual(
      claims.map(({ id }) => id).filter((id) => about.includes(id)),
    );
    expect(controls).toMatchObject([{ id: "control-volatile-store", caught: true }]);
  });

  it("a policy that removes the images fails its own claim, and not that of the reboots", () => {
    const { claims } = judged(policies.pruneF);
    const of = (id: string) => claims.find((claim) => claim.id === id)?.verdict;
    expect({ prune: of("PC1.1"), reboot: of("PC2.3") }).toEqual({ prune: "fail", reboot: "inconclusive" });
  });
});
