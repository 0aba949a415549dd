import { describe, expect, it } from "vitest";
import type { Entry } from "../../../src/model/evidence.ts";
import type { Scenario, Step } from "../../../src/model/plan.ts";
import { changingVersions } from "../../../suites/pc3-cycles.ts";
import { amend, sideBySide, without } from "../../support/edit.ts";
import { release } from "../../support/hand-written.ts";
import { courierSettings, pressureRun } from "../../support/pressure-run.ts";
import { chain, policies } from "../../support/scenarios.ts";
import { type KnownImage, smallHost } from "../../support/simulated-host.ts";
import { prunes } from "../../support/simulated-prune.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const pc33 = (entries: readonly Entry[]) => verdictOf(entries, "PC3.3");

/** The cycles of the suite, with changes. */
function cycles(change: (step: Step, index: number) => Step | null = (step) => step): Scenario[] {
  const suite = changingVersions(courierSettings());
  return [{ ...suite, steps: suite.steps.map(change).filter((step) => step !== null) }];
}

const unchanged = simulate({ scenarios: [chain()] });
const changing = pressureRun(prunes(), { scenarios: cycles() });
const both = sideBySide(unchanged, changing);

/** Beside unchanged versions on another host, so that only the changing ones decide. */
const besideUnchanged = (entries: readonly Entry[]) => pc33(sideBySide(unchanged, entries));

describe("PC3.3 over changing versions", () => {
  it("passes with numbers for each of its parts", () => {
    const { verdict, found } = pc33(both);
    expect(verdict).toBe("pass");
    expect(found).toContain("20 deploy and teardown cycles");
    expect(found).toMatch(/at most 7\d % of the disk of small-graphdriver was in use after a prune run/);
    expect(found).toMatch(/without any it would have been 1[2-9]\d %/);
    expect(found).toContain("the store did not grow beyond");
  });

  it("passes on containerd's store as well", () => {
    const other = pressureRun(prunes(), { imageStore: "containerd", scenarios: cycles() });
    expect(pc33(sideBySide(both, other)).verdict).toBe("pass");
  });

  it("fails when nothing is ever removed, and names the first prune run that left the disk full", () => {
    const idle = pressureRun(() => 1, { scenarios: cycles() });
    expect(besideUnchanged(idle)).toMatchObject({
      verdict: "fail",
      found: expect.stringMatching(/^8\d % of the disk of small-graphdriver was in use after prune-\d+$/),
    });
  });

  it.each([
    ["kept", "the base image pullproof/base:1.0.0 was evicted in prune-"],
    ["kept", "pullproof/base:1.0.0 (a base image)"],
    ["pinned", "(pinned by the recipe (pullproof/worker:1.0.0))"],
    ["fresh", "ago)"],
  ] as const)("fails when prune runs of the cycles take what is %s", (protection, words) => {
    const order = (one: KnownImage) => (one.protection === protection ? -1 : 1);
    const run = pressureRun(prunes({ takes: [protection], order }), { scenarios: cycles() });
    expect(besideUnchanged(run)).toMatchObject({ verdict: "fail", found: expect.stringContaining(words) });
  });

  it("is inconclusive over fewer cycles than asked for", () => {
    const fewer = cycles((step) => (step.id.endsWith("-20") ? null : step));
    expect(besideUnchanged(pressureRun(prunes(), { scenarios: fewer }))).toMatchObject({
      verdict: "inconclusive",
      found: "19 deploy and teardown cycles ended ok",
      remedy: expect.stringContaining("20"),
    });
  });

  it.each(["deploy-7", "teardown-7"])("does not count a cycle whose %s did not end well", (step) => {
    const failed = amend(changing, { kind: "outcome", step }, () => ({ status: "fail" as const }));
    expect(besideUnchanged(failed)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("19 deploy and teardown cycles ended ok"),
    });
  });

  it("is inconclusive when all versions would have fitted without a prune run", () => {
    const host = smallHost("graphdriver");
    const large = { ...host, disk: { ...host.disk, totalBytes: 3 * host.disk.totalBytes } };
    const scenarios = cycles((step) => (step.do === "fill" ? null : step));
    expect(besideUnchanged(simulate({ host: large, scenarios }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(
        "would have fitted on the disk of small-graphdriver without any prune run",
      ),
    });
  });

  it("does not take one version that is deployed again and again for a changing one", () => {
    const scenarios = cycles((step) => (step.do === "deploy" ? release(step.id, "2.0.0") : step));
    expect(besideUnchanged(pressureRun(prunes(), { scenarios }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("would have fitted"),
    });
  });

  it("is inconclusive without prune runs in the cycles", () => {
    const scenarios = cycles((step) => (step.do === "prune" ? null : step));
    expect(besideUnchanged(pressureRun(prunes(), { scenarios }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("no prune run was made in the cycles"),
    });
  });

  it.each([
    ["disk", "teardown-3", "the disk was not seen around"],
    ["disk", "prune-3", "the disk was not seen around prune-3"],
    ["images", "deploy-3", "the image store was not seen after deploy-3"],
    ["images", "days-pass-3", "what prune-3 removed was not seen"],
    ["images", "prune-3", "what prune-3 removed was not seen"],
    ["uses", "days-pass-3", "what prune-3 removed was not seen"],
  ] as const)("is inconclusive without the %s after %s", (kind, step, words) => {
    expect(besideUnchanged(without(changing, { kind, step }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(words),
    });
  });

  it("is inconclusive where no version changed, and no matter which host did what", () => {
    expect(pc33(unchanged)).toMatchObject({
      verdict: "inconclusive",
      found: "no changing versions were deployed",
    });
    const bad = pressureRun(() => 1, { imageStore: "containerd", scenarios: cycles() });
    expect(pc33(sideBySide(both, bad)).verdict).toBe("fail");
  });
});

describe("PC3.3 does not pass", () => {
  it("where no version was deployed unchanged, so that nobody looked for growth", () => {
    expect(pc33(changing)).toMatchObject({
      verdict: "inconclusive",
      found: "no unchanged versions were deployed again and again",
    });
  });

  it("for two versions that take turns and fit on the disk, though each comes again and again", () => {
    const scenarios = cycles((step, index) => {
      if (step.do === "deploy") return release(step.id, index % 8 < 4 ? "2.1.0" : "2.2.0");
      return step.do === "age" ? { ...step, days: 10 } : step;
    });
    const eager = prunes({ from: 0, enough: () => false });
    expect(besideUnchanged(pressureRun(eager, { scenarios }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("would have fitted"),
    });
  });

  it("for a prune run that removes a base image and pulls it again", () => {
    const removesAndPulls = prunes({
      also: (scene) => {
        const base = scene.images().find(({ protection }) => protection === "kept");
        if (base === undefined) return;
        scene.remove(base.image.id);
        scene.pullAgain(base);
      },
    });
    expect(besideUnchanged(pressureRun(removesAndPulls, { scenarios: cycles() }))).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("pulled it again"),
    });
  });
});

it("still judges unchanged versions: a base image that a prune run takes", () => {
  const evicted = simulate({ policy: policies.pruneAf, scenarios: [chain(policies.pruneAf)] });
  expect(pc33(sideBySide(evicted, changing))).toMatchObject({
    verdict: "fail",
    found: expect.stringContaining("pullproof/base:1.0.0 was evicted in prune"),
  });
});
