import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { ClaimId } from "../../../src/model/claim.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import type { VerdictWord } from "../../../src/model/verdict.ts";
import { amend, without } from "../../support/edit.ts";
import {
  courierSettings,
  pressureOnly,
  pressureRun,
  withPressureControls,
} from "../../support/pressure-run.ts";
import type { KnownImage, Protection } from "../../support/simulated-host.ts";
import {
  type Habits,
  type PruneScene,
  prunes,
  removeUntagged,
  removeUnused,
  type SimulatedPrune,
} from "../../support/simulated-prune.ts";
import { withHeader } from "../../support/stored-run.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const asked: ClaimId[] = ["PC1.1", "PC1.2", "PC1.3"];

/** The verdicts on a prune command that is run through the suite of disk pressure. */
function verdicts(entries: readonly Entry[]): Partial<Record<ClaimId, VerdictWord>> {
  const { claims } = judge(withHeader(entries, { claims: asked }));
  return Object.fromEntries(
    claims.filter(({ id }) => asked.includes(id)).map(({ id, verdict }) => [id, verdict]),
  );
}

const right: Partial<Record<ClaimId, VerdictWord>> = { "PC1.1": "pass", "PC1.2": "pass", "PC1.3": "pass" };
const run = (prune: SimulatedPrune) => pressureRun(prune, { scenarios: pressureOnly() });
const habits = (changes: Partial<Habits>) => verdicts(run(prunes(changes)));

describe("a prune command that does all right", () => {
  it.each(["graphdriver", "containerd"] as const)(
    "passes all of PC1 that the suites judge, on %s",
    (imageStore) => {
      const entries = pressureRun(prunes(), { imageStore });
      expect(verdicts(entries)).toEqual(right);
      for (const claim of ["PC1.4", "PC2.1", "PC2.4"] as const)
        expect([claim, verdictOf(entries, claim).verdict]).toEqual([claim, "pass"]);
    },
  );

  it("shows each kind of image that has to stay while there is pressure, and each that may go", () => {
    const seen = new Set<Protection | "orphan" | "left-over">();
    run((scene) => {
      if (scene.during === null && scene.share() >= 0.8)
        for (const { protection, dangling } of scene.images())
          seen.add(protection ?? (dangling ? "left-over" : "orphan"));
      return prunes()(scene);
    });
    expect([...seen].sort()).toEqual(
      ["container", "fresh", "kept", "left-over", "orphan", "previous", "service"].sort(),
    );
  });
});

/** Ends as if there were too few orphans whenever there is pressure. */
const refuses: SimulatedPrune = (scene) => (scene.share() < 0.8 ? 0 : 1);

describe("a prune command that does wrong", () => {
  it.each<[string, SimulatedPrune, Partial<Record<ClaimId, VerdictWord>>]>([
    ["docker image prune -af", removeUnused, { "PC1.1": "fail", "PC1.2": "fail", "PC1.3": "fail" }],
    // Nothing is left then that a run could remove while something goes on.
    ["docker image prune -f", removeUntagged, { "PC1.1": "fail", "PC1.2": "fail", "PC1.3": "inconclusive" }],
    ["one that never does anything", () => 0, { ...right, "PC1.2": "fail" }],
    ["one that never does anything and says that it cannot", refuses, { ...right, "PC1.2": "fail" }],
  ])("fails as %s", (_, prune, expected) => {
    expect(verdicts(run(prune))).toEqual(expected);
  });

  const newestFirst = (one: KnownImage, other: KnownImage) => other.lastUse - one.lastUse;
  const leftOversLast = (one: KnownImage, other: KnownImage) =>
    Number(one.dangling) - Number(other.dangling) || one.lastUse - other.lastUse;
  const always = (code: number) => () => code;

  it.each<[string, Partial<Habits>, RegExp]>([
    ["the newest orphan first", { order: newestFirst }, /before what was used longer ago/],
    ["left-overs of builds last", { order: leftOversLast }, /used longer ago: sha256:id-left-over/],
    ["every old orphan", { enough: () => false }, /freed too much/],
    ["more than enough", { enough: (scene) => scene.share() < 0.6 }, /freed too much/],
    ["too little", { enough: (scene) => scene.share() < 0.75 }, /left \d old orphans/],
    ["too little, and says so", { enough: (scene) => scene.share() < 0.75, says: always(1) }, /left \d old/],
    ["all that it may without telling that it was too little", { says: always(0) }, /does not say/],
    ["a name of an image that stays", { also: untagBase }, /removed the name pullproof\/base:1\.0\.0/],
  ])("fails PC1.2 and no other when it removes %s", (_, changes, words) => {
    const entries = run(prunes(changes));
    expect(verdicts(entries)).toEqual({ ...right, "PC1.2": "fail" });
    expect(verdictOf(entries, "PC1.2").found).toMatch(words);
  });

  it.each<[Protection, string]>([
    ["container", "(used by the created container one-off-"],
    ["service", "(used by the running container courier_"],
    ["previous", "(named by the previous spec of the service courier_app)"],
    ["kept", "pullproof/base:1.0.0 (a base image)"],
    ["fresh", "(used 0 days ago)"],
  ])("fails PC1.2 when it takes a %s image first, and says why that had to stay", (protection, words) => {
    const entries = run(prunes({ takes: [protection], order: first(protection) }));
    expect(verdicts(entries)).toEqual({ ...right, "PC1.2": "fail" });
    expect(verdictOf(entries, "PC1.2").found).toContain(words);
  });

  it("fails PC1.2 when it takes an image that only the recipe pins, between two deploys", () => {
    const entries = pressureRun(prunes({ takes: ["pinned"], order: first("pinned") }));
    expect(verdictOf(entries, "PC1.2")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("(pinned by the recipe (pullproof/worker:1.0.0))"),
    });
  });

  it.each([0, 0.5, 0.6])("fails PC1.1 when it begins at a share of %d", (from) => {
    expect(habits({ from, enough: (scene) => scene.share() < from - 0.1 })["PC1.1"]).toBe("fail");
    expect(habits({ from, enough: (_, removed) => removed > 0 })["PC1.1"]).toBe("fail");
  });

  it("fails PC1.1 as one that goes by age alone", () => {
    expect(habits({ from: 0, enough: () => false })).toMatchObject({ "PC1.1": "fail" });
  });

  it.each(["lock", "pull", "convergence"] as const)("fails PC1.3 when it goes on during a %s", (name) => {
    const heeds = (["lock", "pull", "convergence"] as const).filter((one) => one !== name);
    const entries = run(prunes({ heeds }));
    expect(verdictOf(entries, "PC1.3")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining(`prune-during-${name} on small-graphdriver removed`),
    });
  });

  it("fails PC1.3 when it is careful with tags during a run, and takes but one old orphan", () => {
    const heedless = prunes({ heeds: [], enough: (_, removed) => removed > 0 });
    const entries = run((scene) => (scene.during === "lock" ? heedless(scene) : prunes()(scene)));
    expect(verdicts(entries)).toEqual({ ...right, "PC1.3": "fail" });
  });
});

/** Takes images of one kind of protection before all others. */
function first(protection: Protection): Habits["order"] {
  return (one, other) =>
    Number(other.protection === protection) - Number(one.protection === protection) ||
    Number(other.dangling) - Number(one.dangling) ||
    one.lastUse - other.lastUse;
}

function untagBase(scene: PruneScene): void {
  if (scene.during !== null) return;
  const base = scene.images().find(({ protection }) => protection === "kept");
  if (base !== undefined) scene.untag(base.image.id);
}

describe("the control of a small host", () => {
  it.each(["graphdriver", "containerd"] as const)(
    "is caught by each claim that it must break, on %s",
    (imageStore) => {
      const { controls } = judge(
        withHeader(withPressureControls(courierSettings(imageStore)), { claims: ["PC1.2"] }),
      );
      expect(controls.map(({ id, caught }) => [id, caught])).toEqual([
        [`control-pressure-${imageStore}`, true],
      ]);
      expect(controls[0]?.verdicts.map(({ id, verdict }) => [id, verdict])).toEqual([
        ["PC1.2", "fail"],
        ["PC1.3", "fail"],
      ]);
    },
  );

  it("takes nothing away from the verdicts on the policy under test", () => {
    const entries = withPressureControls();
    expect(verdicts(entries)).toEqual(right);
  });

  it("is not caught when its prune runs remove nothing", () => {
    const settings = courierSettings();
    const controls = { ...settings.controls, everyUnused: settings.policy };
    const tame = withPressureControls({ ...settings, controls });
    expect(judge(withHeader(tame, { claims: ["PC1.2"] })).controls[0]?.caught).toBe(false);
  });
});

describe("a prune run of the suite", () => {
  const whole = run(prunes());
  const ids = pressureOnly().flatMap(({ steps }) =>
    steps.flatMap((step) => (step.do === "prune" ? [step.id] : [])),
  );

  it.each(ids)("takes every pass away when its outcome is missing: %s", (step) => {
    expect(Object.values(verdicts(without(whole, { kind: "outcome", step })))).not.toContain("pass");
  });
});

describe("a run of the suite does not pass", () => {
  it("PC1.4 when its teardown leaves what the first of its deploys made", () => {
    const left = amend(run(prunes()), { kind: "inventory", step: "teardown" }, ({ volumes }) => ({
      volumes: [...volumes, "courier_data"],
    }));
    expect(verdictOf(left, "PC1.4")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("volume courier_data"),
    });
  });

  it("PC1.2 when two prune runs at once remove one orphan more than one run would", () => {
    const racing = prunes({
      enough: ({ during, share }) => during !== "second-prune" && share() < 0.7,
    });
    expect(verdictOf(run(racing), "PC1.2")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("prune-two-at-once on small-graphdriver freed too much"),
    });
  });

  it.each(["graphdriver", "containerd"] as const)(
    "PC1.2 when it removes two orphans more than it takes, on %s",
    (imageStore) => {
      let below = 0;
      const more = prunes({
        enough: (scene, removed) => {
          if (removed === 0) below = 0;
          if (scene.share() < 0.7) below += 1;
          return below > 2;
        },
      });
      const scenarios = pressureOnly(courierSettings(imageStore));
      expect(verdictOf(pressureRun(more, { imageStore, scenarios }), "PC1.2")).toMatchObject({
        verdict: "fail",
        found: expect.stringContaining("freed too much"),
      });
    },
  );

  it.each(["left-over", "stopped-container", "update"])(
    "when its step %s failed, so that what it was to show was never tried",
    (step) => {
      const entries = pressureRun(prunes(), { scenarios: pressureOnly(), fails: [step] });
      for (const claim of ["PC1.2", "PC1.3"] as const)
        expect(verdictOf(entries, claim)).toMatchObject({
          verdict: "inconclusive",
          found: expect.stringContaining(`${step} failed: it did not work`),
        });
    },
  );

  it("PC1.4 when its teardown leaves what a deploy made around which nobody took the inventory", () => {
    const blind = without(run(prunes()), { kind: "inventory", step: "first-deploy" });
    const left = amend(blind, { kind: "inventory", step: "teardown" }, ({ volumes }) => ({
      volumes: [...volumes, "courier_data"],
    }));
    expect(verdictOf(left, "PC1.4").verdict).not.toBe("pass");
  });
});
