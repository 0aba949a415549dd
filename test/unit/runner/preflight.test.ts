import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { type Recipe, readRecipe } from "../../../src/deploy/recipe.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import type { Step } from "../../../src/model/plan.ts";
import type { LanePlan } from "../../../src/runner/plan.ts";
import {
  requireBudget,
  requireDisk,
  requireFixtureImages,
  requireLayers,
} from "../../../src/runner/preflight.ts";
import { runId } from "../../../src/runner/run-id.ts";
import { initialImages, suiteSettings } from "../../../src/runner/suite-settings.ts";
import { deploy, suite } from "../../../suites/settings.ts";
import { recipeFolder } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";

const withImages = (...images: string[]) =>
  readRecipe(
    recipeFolder({
      "compose.yml": `services:\n${images.map((image, index) => `  s${index}:\n    image: "${image}"\n`).join("")}`,
    }),
  );

describe("requireLayers", () => {
  const lane = (small: boolean): LanePlan => ({
    host: "lab",
    kind: "lab",
    imageStore: "graphdriver",
    small,
    scenarios: [],
  });
  const settings = (layerBytes: number) => loadSettings({ layerBytes }, "/nonexistent");

  it("takes layers that fill a small disk, and any where no disk is put under pressure", () => {
    expect(() => requireLayers([lane(false), lane(true)], settings(2_000_000))).not.toThrow();
    expect(() => requireLayers([lane(false)], settings(1))).not.toThrow();
  });

  it("refuses smaller ones, and names the setting", () => {
    expect(() => requireLayers([lane(false), lane(true)], settings(1_999_999))).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        seen: expect.stringContaining("layerBytes: 1999999"),
      }),
    );
  });
});

describe("requireFixtureImages", () => {
  it.each(["pullproof/web:1.0.0", "pullproof/store:latest", "docker.io/pullproof/worker:7"])(
    "takes %s",
    (image) => {
      expect(() => requireFixtureImages(withImages(image))).not.toThrow();
    },
  );

  it.each([
    "nginx:1.27",
    "pullproof/other:1",
    "ghcr.io/pullproof/web:1.0.0",
    "pullproof/web",
    `pullproof/web:1@sha256:${"0".repeat(64)}`,
    "web:1.0.0",
    "constructor:1",
  ])("refuses %s, and names it, its service and the recipe", (image) => {
    const recipe = withImages("pullproof/web:1", image);
    expect(() => requireFixtureImages(recipe)).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.config,
        seen: `service s1 of ${recipe.folder} uses ${image}`,
        next: expect.stringContaining("pullproof/worker"),
      }),
    );
  });
});

describe("requireDisk", () => {
  it("goes on where there is room, and where the engine's disk is not this machine's", async () => {
    const engine = await EngineDouble.listen();
    engine.info = { DockerRootDir: "/no/such/folder" };
    await expect(requireDisk(engine.docker, [])).resolves.toBeUndefined();
  });

  it("stops where there is none, and says how much there is", async () => {
    const engine = await EngineDouble.listen();
    // A file system without a block.
    engine.info = { DockerRootDir: "/proc" };
    await expect(requireDisk(engine.docker, [])).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/^0 MB are free under \/proc, \d+ MB are needed$/),
    });
  });
});

describe("requireBudget", () => {
  const twoServices = () => withImages("pullproof/web:1", "pullproof/store:1");
  const plan = (recipe: Recipe, count: number, small = false): LanePlan[] => {
    const known = suiteSettings(loadSettings({}, "/nonexistent"), recipe, new StackDeployer());
    const many = Array.from({ length: count }, (_, index) => deploy(known, `deploy-${index}`, "cold"));
    const steps: Step[] = [{ id: "pull", do: "pull", image: "pullproof/base:1" }, ...many];
    return [
      { host: "lab", kind: "lab", imageStore: "graphdriver", small, scenarios: [suite("s", "", [], steps)] },
    ];
  };
  const settings = (limit: number | null, registryAuth = true) =>
    loadSettings(
      {
        registryAuth,
        hub: { accountLimit: registryAuth ? limit : 1, anonymousLimit: registryAuth ? 1 : limit },
      },
      "/nonexistent",
    );

  it("takes a plan that fits, to the last pull, and any plan where there is no budget", () => {
    const recipe = twoServices();
    expect(() => requireBudget(plan(recipe, 5), recipe, settings(21))).not.toThrow();
    expect(() => requireBudget(plan(recipe, 5), recipe, settings(21, false))).not.toThrow();
    expect(() => requireBudget(plan(recipe, 500), recipe, settings(null))).not.toThrow();
  });

  it("asks nothing of a small host, whose hub has a budget of its own", () => {
    const recipe = twoServices();
    expect(() => requireBudget(plan(recipe, 5, true), recipe, settings(1))).not.toThrow();
    const both = [...plan(recipe, 5, true), ...plan(recipe, 6)];
    expect(() => requireBudget(both, recipe, settings(21))).toThrow(/budget/);
  });

  it.each([true, false])(
    "refuses one that does not, and names cost and limit (registry auth: %s)",
    (auth) => {
      const recipe = twoServices();
      expect(() => requireBudget(plan(recipe, 5), recipe, settings(20, auth))).toThrow(
        expect.objectContaining({
          exitCode: ExitCode.config,
          seen: expect.stringMatching(/21 pulls on lab, 20 allowed/),
        }),
      );
    },
  );
});

describe("initialImages", () => {
  const recipe = () => withImages("pullproof/web:1.0.0", "pullproof/web:1.0.0", "pullproof/base:1.0.0");
  const own = [
    { repository: "pullproof/base", tag: "1.0.0", variant: "a" },
    { repository: "pullproof/web", tag: "1.0.0", variant: "a" },
  ];
  const variant = (tag: string) => ({ repository: "pullproof/store", tag, variant: tag });

  it("are the base image and the recipe's, each once", () => {
    expect(initialImages(recipe(), [])).toEqual(own);
  });

  it("are also what the steps name, in whichever way, each once", () => {
    const policy = { name: "p", title: "p", command: "p" };
    const known = suiteSettings(loadSettings({}, "/nonexistent"), recipe(), new StackDeployer());
    const steps: Step[] = [
      { id: "1", do: "pull-variant", image: variant("1"), by: "digest" },
      { id: "2", do: "create-container", image: variant("1") },
      { id: "3", do: "create-container", image: variant("2") },
      deploy(known, "4", "cold", { images: { s0: { ...variant("3"), pin: true } } }),
      { id: "5", do: "prune", policy, during: "pull", pulls: variant("4") },
      { id: "6", do: "prune", policy, during: null, pulls: null },
      { id: "7", do: "pull", image: "pullproof/base:1.0.0" },
      { id: "8", do: "interrupt", by: "engine-kill", pulls: variant("5") },
      { id: "9", do: "fault", fault: "truncated-layer", image: variant("6") },
    ];
    const scenarios = [suite("a", "", [], steps.slice(0, 3)), suite("b", "", [], steps.slice(3))];
    expect(initialImages(recipe(), scenarios)).toEqual([
      ...own,
      ...["1", "2", "3", "4", "5", "6"].map(variant),
    ]);
  });

  it("are not those that a scenario publishes itself, which nobody may find before", () => {
    const known = suiteSettings(loadSettings({}, "/nonexistent"), recipe(), new StackDeployer());
    const steps: Step[] = [
      { id: "1", do: "publish", image: variant("1") },
      deploy(known, "2", "cold", { images: { s0: { ...variant("1"), pin: false } } }),
    ];
    expect(initialImages(recipe(), [suite("a", "", [], steps)])).toEqual(own);
  });
});

describe("suiteSettings", () => {
  const of = (files: Record<string, string>) =>
    suiteSettings(loadSettings({}, "/nonexistent"), readRecipe(recipeFolder(files)), new StackDeployer());

  it("changes the service `app` in G1 and G2, or the first where none is called that", () => {
    const image = { repository: "pullproof/web", tag: "1.0.0", variant: "a" };
    expect(of({}).changing).toEqual({ service: "app", image });
    const services =
      "services:\n  one:\n    image: pullproof/worker:2\n  two:\n    image: pullproof/web:1.0.0\n";
    expect(of({ "compose.yml": services }).changing).toEqual({
      service: "one",
      image: { repository: "pullproof/worker", tag: "2", variant: "a" },
    });
  });

  it.each([
    ["TIMEOUT=90", 90],
    ["", 300],
    ["TIMEOUT=", 300],
  ])("waits as long as the recipe says, and 300 seconds as abra does otherwise: %j", (sample, seconds) => {
    expect(of({ ".env.sample": sample }).timeoutSeconds).toBe(seconds);
  });

  it.each(["soon", "0", "-1", "1e999"])(
    "calls TIMEOUT=%s bad configuration: a wait has to end",
    (timeout) => {
      expect(() => of({ ".env.sample": `TIMEOUT=${timeout}` })).toThrow(
        expect.objectContaining({ exitCode: ExitCode.config, seen: expect.stringContaining(timeout) }),
      );
    },
  );
});

describe("runId", () => {
  it("is fit for names of containers, folders and stacks, and differs from run to run", () => {
    const ids = Array.from({ length: 50 }, runId);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,40}$/);
    expect(new Set(ids).size).toBeGreaterThan(1);
  });
});
