import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { checkers } from "../../../src/check/checkers.ts";
import { loadSettings } from "../../../src/config/settings.ts";
import { readRecipe } from "../../../src/deploy/recipe.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import { type ClaimId, claimIds } from "../../../src/model/claim.ts";
import { scenario as scenarioSchema } from "../../../src/model/plan.ts";
import { parseReference } from "../../../src/model/reference.ts";
import { type LanePlan, planRun, type Selection } from "../../../src/runner/plan.ts";
import { initialImages, suiteSettings } from "../../../src/runner/suite-settings.ts";
import type { SuiteSettings } from "../../../suites/settings.ts";

const recipe = readRecipe(fileURLToPath(new URL("../../../fixtures/recipes/notebook", import.meta.url)));
const settings = suiteSettings(loadSettings({}, "/nonexistent"), recipe, new StackDeployer());

const plan = (selection: Partial<Selection> = {}, changes: Partial<SuiteSettings> = {}) =>
  planRun({ ...settings, ...changes }, { claims: claimIds, controls: true, ...selection });

const scenarios = (lanes: readonly LanePlan[]) => lanes.flatMap((lane) => lane.scenarios);
const ids = (lanes: readonly LanePlan[]) => scenarios(lanes).map(({ id }) => id);
const controlsOf = (lanes: readonly LanePlan[]) => scenarios(lanes).filter(({ control }) => control);
const only = (...claims: ClaimId[]) => ({ claims });

describe("what a run carries out", () => {
  it("is everything on two hosts, where everything is asked for", () => {
    expect(plan().map(({ host, scenarios }) => [host, scenarios.map(({ id }) => id)])).toEqual([
      ["lab", ["chain", "timing"]],
      [
        "lab-2",
        [
          "warm-up",
          "new-digest",
          "broken-image",
          "control-no-auth",
          "control-prune-dangling",
          "control-prune-all",
          "control-teardown-images",
        ],
      ],
    ]);
  });

  it("has evidence for every claim that something judges", () => {
    const given = new Set(
      scenarios(plan())
        .filter(({ control }) => !control)
        .flatMap(({ claims }) => claims),
    );
    expect(checkers.map(({ id }) => id).filter((id) => !given.has(id))).toEqual([]);
  });

  it.each<[ClaimId[], string[]]>([
    [["G1"], ["warm-up", "new-digest"]],
    [["G2"], ["warm-up", "broken-image"]],
    [["G3"], ["chain"]],
    [["PC2.3"], ["chain"]],
    [["PC2.1"], ["chain", "warm-up", "control-no-auth"]],
    [["PC3.2"], ["chain", "timing"]],
    [["PC3.3"], ["chain", "warm-up", "control-prune-all"]],
    [["PC1.1"], ["chain", "warm-up", "control-prune-dangling", "control-prune-all"]],
    [["PC1.4"], ["chain", "timing", "warm-up", "control-teardown-images"]],
    [["PC1.2"], []],
  ])("for %j is %j", (claims, expected) => {
    expect(ids(plan(only(...claims)))).toEqual(expected);
  });

  it("begins the timing where the chain ends, on the same host", () => {
    for (const claims of [claimIds, only("PC3.2").claims, only("PC1.4").claims]) {
      const [lane] = plan({ claims });
      expect(lane?.scenarios.map(({ id }) => id)).toEqual(["chain", "timing"]);
    }
  });

  it("times nothing beyond the chain where one sample is enough", () => {
    expect(ids(plan({}, { samples: 1 }))).not.toContain("timing");
  });

  it.each([1, 2, 5])("times %i cold and as many warm deploys", (samples) => {
    const deploys = scenarios(plan(only("PC3.2"), { samples }))
      .flatMap(({ steps }) => steps)
      .flatMap((step) => (step.do === "deploy" && step.sample ? [step.expect] : []));
    expect(deploys.filter((expect) => expect === "cold")).toHaveLength(samples);
    expect(deploys.filter((expect) => expect === "cached")).toHaveLength(samples);
  });

  it("keeps controls and faults off the host of the chain", () => {
    const [first] = plan();
    const steps = first?.scenarios.flatMap(({ steps }) => steps) ?? [];
    expect(steps.filter((step) => step.do === "fault" || step.do === "publish")).toEqual([]);
    expect(first?.scenarios.filter(({ control }) => control)).toEqual([]);
  });
});

describe("controls", () => {
  it("are left out on demand, and only they", () => {
    const without = plan({ controls: false });
    expect(controlsOf(without)).toEqual([]);
    expect(ids(without)).toEqual(["chain", "timing", "warm-up", "new-digest", "broken-image"]);
  });

  it.each(claimIds)("must break no claim but those that were asked for: %s", (claim) => {
    for (const control of controlsOf(plan(only(claim)))) expect(control.claims).toEqual([claim]);
  });

  it("each name claims that something judges: what nothing judges is never caught", () => {
    const judged = new Set(checkers.map(({ id }) => id));
    for (const control of controlsOf(plan())) {
      expect(control.claims).not.toEqual([]);
      expect(control.claims.filter((id) => !judged.has(id))).toEqual([]);
    }
  });

  it("do what they say: prune for real, remove images, send no credentials", () => {
    const byId = new Map(controlsOf(plan()).map(({ id, steps }) => [id, steps]));
    expect(byId.get("control-prune-all")?.[0]).toMatchObject({
      policy: { command: "docker image prune -af" },
    });
    expect(byId.get("control-prune-dangling")?.[0]).toMatchObject({
      policy: { command: "docker image prune -f" },
    });
    expect(byId.get("control-teardown-images")?.at(-1)).toMatchObject({ do: "teardown", removeImages: true });
    expect(byId.get("control-no-auth")?.[0]).toMatchObject({ do: "deploy", registryAuth: false });
  });

  it.each([
    ["the deployer decides on credentials itself", { choosesAuth: false }, "control-no-auth"],
    ["the store keeps tags", { imageStore: "containerd" }, "control-prune-dangling"],
    ["images are pulled by tag first", { prepull: true }, "control-prune-dangling"],
  ] as const)("are left out where they would break nothing, because %s", (_, changes, left) => {
    const all = controlsOf(plan()).map(({ id }) => id);
    expect(controlsOf(plan({}, changes)).map(({ id }) => id)).toEqual(all.filter((id) => id !== left));
  });
});

describe("every scenario", () => {
  const variants: [string, Partial<SuiteSettings>][] = [
    ["by default", {}],
    ["on containerd", { imageStore: "containerd" }],
    ["with prepull", { prepull: true }],
    ["without credentials", { registryAuth: false }],
    ["with a prune command", { policy: { name: "command", title: "x", command: "x" } }],
  ];

  it.each(variants)("fits the format of evidence %s", (_, changes) => {
    for (const scenario of scenarios(plan({}, changes)))
      expect(scenarioSchema.strict().parse(scenario)).toEqual(scenario);
  });

  it("has ids that tell scenarios and their steps apart", () => {
    const all = scenarios(plan({}, { samples: 12 }));
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { steps } of all) expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
  });

  it("ends with nothing deployed, and deploys nothing onto another deploy", () => {
    for (const { id, steps } of scenarios(plan())) {
      let deployed = false;
      for (const step of steps) {
        if (step.do === "deploy") expect([id, step.id, deployed]).toEqual([id, step.id, false]);
        if (step.do === "deploy" || step.do === "teardown") deployed = step.do === "deploy";
        // What is deployed keeps its images in use: no prune run would be judged fairly.
        if (step.do === "prune" || step.do === "restart" || step.do === "evict") expect(deployed).toBe(false);
      }
      expect([id, deployed]).toEqual([id, false]);
    }
  });

  it("names only images that were published by then, on its own host", () => {
    const start = initialImages(recipe).map((image) => JSON.stringify(image));
    const restarts = claimIds.map((claim) => plan(only(claim)));
    for (const lane of [plan(), ...restarts].flat()) {
      const published = new Set(start);
      for (const step of lane.scenarios.flatMap(({ steps }) => steps)) {
        const named =
          step.do === "fault" ? [step.image] : step.do === "deploy" ? Object.values(step.images) : [];
        for (const { repository, tag, variant } of named)
          expect([...published]).toContain(JSON.stringify({ repository, tag, variant }));
        if (step.do === "publish") published.add(JSON.stringify(step.image));
        if (step.do === "pull") {
          const { repository, tag } = parseReference(step.image);
          expect([...published]).toContain(JSON.stringify({ repository, tag, variant: "a" }));
        }
      }
    }
  });

  it("replaces the image of a service that the recipe has", () => {
    for (const step of scenarios(plan()).flatMap(({ steps }) => steps))
      if (step.do === "deploy")
        expect(Object.keys(recipe.images)).toEqual(expect.arrayContaining(Object.keys(step.images)));
  });

  it("deploys as the operator does, but for the control that leaves credentials out", () => {
    for (const registryAuth of [true, false])
      for (const { id, steps } of scenarios(plan({}, { registryAuth, prepull: true })))
        for (const step of steps)
          if (step.do === "deploy")
            expect(step).toMatchObject({
              registryAuth: registryAuth && id !== "control-no-auth",
              prepull: true,
            });
  });
});
