import { describe, expect, it } from "vitest";
import { checkers } from "../../../src/check/checkers.ts";
import { loadSettings, type Settings } from "../../../src/config/settings.ts";
import { fixtureRecipes } from "../../../src/deploy/fixture-recipes.ts";
import { readRecipe } from "../../../src/deploy/recipe.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import type { HostKind } from "../../../src/host/host.ts";
import { type ClaimId, claimIds } from "../../../src/model/claim.ts";
import { type ImageVariant, type Step, scenario as scenarioSchema } from "../../../src/model/plan.ts";
import { parseReference } from "../../../src/model/reference.ts";
import { type LanePlan, planRun, type Selection } from "../../../src/runner/plan.ts";
import { fixtureRepositories } from "../../../src/runner/preflight.ts";
import { initialImages, suiteSettings } from "../../../src/runner/suite-settings.ts";
import type { SuiteSettings } from "../../../suites/settings.ts";

const recipe = readRecipe(fixtureRecipes.notebook);
const courier = readRecipe(fixtureRecipes.courier);
const [recipeSettings, courierSettings] = [recipe, courier].map((of) =>
  suiteSettings(loadSettings({}, "/nonexistent"), of, new StackDeployer()),
) as [SuiteSettings, SuiteSettings];

const plan = (selection: Partial<Selection> = {}, changes: Partial<SuiteSettings> = {}) =>
  planRun(
    {
      recipe: { ...recipeSettings, ...changes },
      courier: { ...courierSettings, ...changes },
      hosts: ["lab", "vm"],
      reboot: "both",
    },
    { claims: claimIds, controls: true, ...selection },
  );

const scenarios = (lanes: readonly LanePlan[]) => lanes.flatMap((lane) => lane.scenarios);
const ids = (lanes: readonly LanePlan[]) => scenarios(lanes).map(({ id }) => id);
/** Of the hosts that are put under disk pressure. */
const small = (lanes: readonly LanePlan[]) => lanes.filter(({ small }) => small);
const recipeOf = (lane: LanePlan) => (lane.small || lane.kind === "vm" ? courier : recipe);
const controlsOf = (lanes: readonly LanePlan[]) => scenarios(lanes).filter(({ control }) => control);
/** The scenarios of both small hosts. */
const each = (...kinds: string[]) =>
  ["graphdriver", "containerd"].flatMap((store) => kinds.map((kind) => `${kind}-${store}`));
const only = (...claims: ClaimId[]) => ({ claims });

describe("what a run carries out", () => {
  it("is everything on six hosts, where everything is asked for", () => {
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
      ["vm", ["reboots", "control-volatile-store"]],
      ["small-graphdriver", ["pressure-graphdriver", "control-pressure-graphdriver"]],
      ["small-containerd", ["pressure-containerd", "control-pressure-containerd"]],
      ["cycles", ["cycles-graphdriver"]],
    ]);
  });

  it.each(["graphdriver", "containerd"] as const)(
    "has a small host for each store, and the others on the one that was asked for: %s",
    (imageStore) => {
      expect(plan({}, { imageStore }).map((lane) => [lane.host, lane.small, lane.imageStore])).toEqual([
        ["lab", false, imageStore],
        ["lab-2", false, imageStore],
        ["vm", false, imageStore],
        ["small-graphdriver", true, "graphdriver"],
        ["small-containerd", true, "containerd"],
        ["cycles", true, imageStore],
      ]);
    },
  );

  it("has evidence for every claim that something judges", () => {
    const given = new Set(
      scenarios(plan())
        .filter(({ control }) => !control)
        .flatMap(({ claims }) => claims),
    );
    // What documents say is no scenario's business.
    expect(checkers.map(({ id }) => id).filter((id) => !given.has(id))).toEqual(["PC3.4"]);
  });

  it.each<[ClaimId[], string[]]>([
    [["G1"], ["warm-up", "new-digest"]],
    [["G2"], ["warm-up", "broken-image"]],
    [["G3"], ["chain"]],
    [["PC2.3"], ["reboots", "control-volatile-store"]],
    [["PC2.1"], ["chain", "warm-up", "control-no-auth"]],
    [["PC3.2"], ["chain", "timing"]],
    [["PC3.3"], ["chain", "warm-up", "control-prune-all", "cycles-graphdriver"]],
    [
      ["PC1.1"],
      [
        "chain",
        "warm-up",
        "control-prune-dangling",
        "control-prune-all",
        ...each("pressure"),
        "cycles-graphdriver",
      ],
    ],
    [["PC1.2"], [...each("pressure", "control-pressure"), "cycles-graphdriver"]],
    [["PC1.3"], each("pressure", "control-pressure")],
    [
      ["PC1.4"],
      ["chain", "timing", "warm-up", "control-teardown-images", ...each("pressure"), "cycles-graphdriver"],
    ],
    [["PC1.5"], ["chain"]],
    [["PC3.4"], []],
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

  it("puts no host but the small ones under pressure", () => {
    const fills = (lanes: readonly LanePlan[]) =>
      lanes.map(({ scenarios }) => scenarios.some(({ steps }) => steps.some((step) => step.do === "fill")));
    expect(fills(plan())).toEqual([false, false, false, true, true, true]);
  });

  it("leaves a small host's disk as empty as it can", () => {
    for (const { scenarios } of small(plan()))
      for (const { id, steps } of scenarios) {
        const last = steps.findLast((step) => step.do === "fill");
        expect([id, last]).toMatchObject([id, { share: 0 }]);
      }
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
    const never = ["fault", "publish", "reset", "build", "create-container", "age", "fill"];
    expect(steps.filter((step) => never.includes(step.do))).toEqual([]);
    expect(first?.scenarios.filter(({ control }) => control)).toEqual([]);
  });
});

describe("controls", () => {
  it("are left out on demand, and only they", () => {
    const without = plan({ controls: false });
    expect(controlsOf(without)).toEqual([]);
    expect(ids(without)).toEqual([
      "chain",
      "timing",
      "warm-up",
      "new-digest",
      "broken-image",
      "reboots",
      ...each("pressure"),
      "cycles-graphdriver",
    ]);
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

  it("come last on their host: what they break, no other scenario may find broken", () => {
    for (const { scenarios } of plan()) {
      const firstControl = scenarios.findIndex(({ control }) => control);
      if (firstControl >= 0) expect(scenarios.slice(firstControl).every(({ control }) => control)).toBe(true);
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
    const underPressure = byId.get("control-pressure-containerd") ?? [];
    expect(
      underPressure.flatMap((step) => (step.do === "prune" ? [[step.policy.command, step.during]] : [])),
    ).toEqual([
      ["docker image prune -af", "lock"],
      ["docker image prune -af", null],
    ]);
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

  it("ends with nothing deployed", () => {
    for (const { id, steps } of scenarios(plan())) {
      const last = steps.findLast((step) => step.do === "deploy" || step.do === "teardown");
      expect([id, last?.do ?? "teardown"]).toEqual([id, "teardown"]);
    }
  });

  it("deploys nothing onto another deploy and prunes only between deploys, but for disk pressure", () => {
    for (const { id, steps } of scenarios(plan()).filter(({ id }) => !id.startsWith("pressure"))) {
      let deployed = false;
      for (const step of steps) {
        if (step.do === "deploy") expect([id, step.id, deployed]).toEqual([id, step.id, false]);
        if (step.do === "deploy" || step.do === "teardown") deployed = step.do === "deploy";
        // What is deployed keeps its images in use: no prune run would be judged fairly.
        if (["prune", "evict", "reset"].includes(step.do)) expect(deployed).toBe(false);
      }
    }
  });

  it("updates the app before disk pressure, so that prune runs find a spec, a previous one and a running task", () => {
    for (const { steps } of scenarios(plan()).filter(({ id }) => id.startsWith("pressure"))) {
      const doings = steps.flatMap(({ do: does }) =>
        ["deploy", "teardown", "prune"].includes(does) ? [does] : [],
      );
      const prunes = doings.filter((does) => does === "prune").length;
      expect(doings).toEqual(["deploy", "deploy", ...Array(prunes).fill("prune"), "deploy", "teardown"]);
      const deploys = steps.flatMap((step) => (step.do === "deploy" ? [step.images.app?.tag] : []));
      expect(new Set(deploys).size).toBe(3);
    }
  });

  it("names only images that were published by then, on its own host", () => {
    const key = ({ repository, tag, variant }: ImageVariant) => JSON.stringify({ repository, tag, variant });
    const restarts = claimIds.map((claim) => plan(only(claim)));
    for (const lane of [plan(), ...restarts].flat()) {
      const published = new Set(initialImages(recipeOf(lane), lane.scenarios).map(key));
      for (const step of lane.scenarios.flatMap(({ steps }) => steps)) {
        if (step.do === "publish") published.add(key(step.image));
        else for (const image of imagesOf(step)) expect([...published]).toContain(key(image));
      }
    }
  });

  /** Every image that a step names, in whichever way. */
  function imagesOf(step: Step): ImageVariant[] {
    if (step.do === "deploy") return Object.values(step.images);
    if (step.do === "prune") return step.pulls === null ? [] : [step.pulls];
    if (!("image" in step)) return [];
    if (typeof step.image !== "string") return [step.image];
    const { repository, tag } = parseReference(step.image);
    return [{ repository, tag: tag ?? "latest", variant: "a" }];
  }

  it("names fixture images alone", () => {
    for (const image of scenarios(plan()).flatMap(({ steps }) => steps.flatMap(imagesOf)))
      expect(Object.keys(fixtureRepositories)).toContain(image.repository);
  });

  it("says what is pulled during a prune run exactly where a pull goes on", () => {
    for (const step of scenarios(plan()).flatMap(({ steps }) => steps))
      if (step.do === "prune")
        expect([step.id, step.pulls !== null]).toEqual([step.id, step.during === "pull"]);
  });

  it("replaces the image of a service that the recipe has", () => {
    for (const lane of plan())
      for (const step of lane.scenarios.flatMap(({ steps }) => steps))
        if (step.do === "deploy")
          expect(Object.keys(recipeOf(lane).images)).toEqual(
            expect.arrayContaining(Object.keys(step.images)),
          );
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

describe("the virtual machine", () => {
  const on = (hosts: HostKind[], selection: Partial<Selection> = {}, reboot: Settings["reboot"] = "both") =>
    planRun(
      { recipe: recipeSettings, courier: courierSettings, hosts, reboot },
      { claims: claimIds, controls: true, ...selection },
    );
  const kinds = (lanes: readonly LanePlan[]) => [...new Set(lanes.map(({ kind }) => kind))];

  it("is planned beside labs for PC2.3 alone, and never where it was not asked for", () => {
    for (const claim of claimIds) {
      expect(kinds(on(["lab", "vm"], only(claim))).includes("vm"), claim).toBe(claim === "PC2.3");
      expect(kinds(on(["lab"], only(claim))), claim).not.toContain("vm");
    }
    expect(on(["lab"], only("PC2.3"))).toEqual([]);
  });

  it("is planned without labs for all that it can tell, and then alone", () => {
    expect(on(["vm"]).map(({ host }) => host)).toEqual(["vm"]);
    for (const claim of ["PC1.1", "PC1.4", "PC2.1", "PC2.2", "PC2.4", "PC3.1", "G3"] as const)
      expect(ids(on(["vm"], only(claim))), claim).toEqual(["reboots"]);
    for (const claim of ["PC1.2", "PC3.2", "G1"] as const) expect(on(["vm"], only(claim))).toEqual([]);
  });

  it("is rebooted as was asked for, first at rest, and then with the app running", () => {
    const manners = (reboot: Settings["reboot"]) =>
      on(["vm"], { controls: false }, reboot)
        .flatMap(({ scenarios }) => scenarios.flatMap(({ steps }) => steps))
        .flatMap((step) => (step.do === "restart" ? [step.manner] : []));
    expect(manners("soft")).toEqual(["reboot", "reboot"]);
    expect(manners("hard")).toEqual(["power-cut", "power-cut"]);
    expect(manners("both")).toEqual(["reboot", "power-cut"]);
  });

  it("gets more time than a lab for the same recipe", () => {
    const [lane] = on(["vm"]);
    for (const step of lane?.scenarios.flatMap(({ steps }) => steps) ?? [])
      if (step.do === "deploy") expect(step.timeoutSeconds).toBeGreaterThan(courierSettings.timeoutSeconds);
  });

  it("is the only host that reboots, or whose store is put into memory", () => {
    for (const { kind, scenarios } of plan())
      for (const step of scenarios.flatMap(({ steps }) => steps)) {
        if (step.do === "restart") expect(step.manner === "restart").toBe(kind === "lab");
        if (step.do === "volatile-store") expect(kind).toBe("vm");
      }
  });
});

describe("a small host", () => {
  it("gets the base image that has to stay, whichever claim is asked for alone", () => {
    for (const claim of ["PC1.2", "PC3.3"] as const)
      for (const { scenarios } of small(plan(only(claim))))
        expect(scenarios.flatMap(({ steps }) => steps)).toContainEqual(
          expect.objectContaining({ do: "pull" }),
        );
  });

  it("has a claim for each of its prune runs, with pressure or without", () => {
    for (const { id, claims } of scenarios(plan()).filter(({ id }) => id.startsWith("cycles")))
      expect([id, claims]).toEqual([id, expect.arrayContaining(["PC1.1"])]);
  });
});
