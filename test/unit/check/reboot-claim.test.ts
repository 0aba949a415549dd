import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Body, Entry } from "../../../src/model/evidence.ts";
import type { Scenario, Step } from "../../../src/model/plan.ts";
import { asLive, liveStack } from "../../support/as-live.ts";
import { amend, onSecondHost, without } from "../../support/edit.ts";
import { chain, deploy, policies, reboots, teardown, volatileStore } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const survived = simulate({ scenarios: [reboots()] });
const pc23 = (entries: readonly Entry[]) => verdictOf(entries, "PC2.3");

/** Both reboots, and what was seen right before each of them. */
const each = [
  { step: "reboot-at-rest", before: "teardown-1", redeploy: "redeploy" },
  { step: "reboot-running", before: "redeploy", redeploy: "redeploy-again" },
];

/** The reboots with other steps put in front of one. */
function withSteps(before: string, ...steps: Step[]): Scenario {
  const scenario = reboots();
  const at = scenario.steps.findIndex(({ id }) => id === before);
  return { ...scenario, steps: scenario.steps.toSpliced(at, 0, ...steps) };
}

const pull = (name: string): Step => ({ id: `pull-${name}`, do: "pull", image: `pullproof/${name}:1.0.0` });
const pulls = [pull("web"), pull("worker"), pull("store")];
const pruneAll: Step = { id: "prune-all", do: "prune", policy: policies.pruneAf, during: null, pulls: null };

/** The interface receives so much more in a step, and counts on from there until the host starts anew. */
function receives(entries: readonly Entry[], step: string, bytes: number): Entry[] {
  const first = entries.find((entry) => entry.kind === "interface" && entry.step === step);
  if (first === undefined) throw new Error(`no interface after ${step}`);
  return entries.map((entry) =>
    entry.kind === "interface" && entry.seq >= first.seq && entry.boot === first.boot
      ? { ...entry, data: { ...entry.data, rxBytes: entry.data.rxBytes + bytes } }
      : entry,
  );
}

/** A layer that the hub sent in a step, and what the interface received of it. */
function downloaded(entries: readonly Entry[], step: string, received = 9e6): Entry[] {
  const fetched = entries.find((entry) => entry.kind === "request" && entry.data.media === "layer");
  const at = entries.findIndex((entry) => entry.kind === "outcome" && entry.step === step);
  const place = entries[at];
  if (fetched === undefined || place === undefined) throw new Error(`no download to put into ${step}`);
  const moved = { ...fetched, scenario: place.scenario, step } as Entry;
  return receives(entries.toSpliced(at, 0, moved), step, received).map((entry, index) => ({
    ...entry,
    seq: index + 1,
  }));
}

describe("PC2.3 passes", () => {
  it.each([
    ["reboot", "power-cut"],
    ["reboot", "reboot"],
    ["power-cut", "power-cut"],
  ] as const)("when the store outlives a %s at rest and a %s with the app running", (atRest, running) => {
    const { verdict, found, remedy } = pc23(simulate({ scenarios: [reboots(atRest, running)] }));
    expect({ verdict, remedy }).toEqual({ verdict: "pass", remedy: null });
    const title = (manner: string) => (manner === "reboot" ? "a reboot told from within" : "a power cut");
    expect(found).toContain(`reboot-at-rest (${title(atRest)}, at rest)`);
    expect(found).toContain(`reboot-running (${title(running)}, with the app running)`);
  });

  it("on what every witness of it saw, and cites that", () => {
    const { evidence } = pc23(survived);
    for (const { step, before } of each)
      for (const at of [before, step])
        for (const kind of ["images", "clock"] as const) {
          const entry = survived.find((one) => one.kind === kind && one.step === at);
          expect(evidence).toContain(entry?.seq);
        }
  });

  it("for a mere restart that gave a new boot id", () => {
    expect(pc23(simulate({ scenarios: [chain()], reboots: true })).verdict).toBe("pass");
  });

  it.each([-1, 1])("whatever the wall clock does meanwhile: %i days", (days) => {
    const jumped = survived.map((entry) => {
      if (entry.seq < (survived.find(({ step }) => step === "reboot-at-rest")?.seq ?? 0)) return entry;
      return { ...entry, wall: new Date(Date.parse(entry.wall) + days * 86_400_000).toISOString() };
    });
    expect(pc23(jumped)).toEqual(pc23(survived));
  });

  it("for a host that came back within less time than it had been up", () => {
    const young = amend(survived, { kind: "clock", step: "teardown-1" }, () => ({ uptimeSeconds: 1 }));
    expect(pc23(young).verdict).toBe("pass");
  });

  it("for a run that another process went on with, whose clock began anew", () => {
    const from = survived.find(({ kind, step }) => kind === "outcome" && step === "reboot-at-rest");
    if (from === undefined) throw new Error("no reboot");
    const resumed = survived.map((entry) =>
      entry.seq < from.seq ? entry : { ...entry, mono: entry.mono - from.mono },
    );
    const young = amend(resumed, { kind: "clock", step: "teardown-1" }, () => ({ uptimeSeconds: 1 }));
    expect(pc23(young).verdict).toBe("pass");
    const endless = amend(young, { kind: "clock", step: "reboot-at-rest" }, () => ({ uptimeSeconds: 9e9 }));
    expect(pc23(endless).verdict).toBe("inconclusive");
  });

  it("for such a run of which the clocks tell nothing, by an uptime that is less than before", () => {
    const at = survived.find((entry) => entry.kind === "clock" && entry.step === "teardown-1");
    if (at === undefined) throw new Error("no clock");
    const timeless = survived.map((entry) =>
      entry.seq < at.seq ? entry : { ...entry, mono: at.mono, wall: at.wall },
    );
    const old = amend(timeless, { kind: "clock" }, ({ bootId, uptimeSeconds }) => ({
      uptimeSeconds: bootId === "boot-1" ? 900 : bootId === "boot-2" ? 600 : uptimeSeconds,
    }));
    expect(pc23(old).verdict).toBe("pass");
    expect(pc23(timeless).verdict).toBe("inconclusive");
  });
});

it("judges PC2.3 of each host by what that host did", () => {
  const others = simulate({ scenarios: [{ ...reboots(), id: "others" }] });
  const { verdict, found, hosts } = pc23(onSecondHost(survived, others));
  expect({ verdict, hosts }).toEqual({ verdict: "pass", hosts: ["lab", "lab-2"] });
  expect(found.match(/reboot-at-rest/g)).toHaveLength(2);
  const lost = amend(others, { kind: "images", step: "reboot-running" }, () => ({ images: [] }));
  expect(pc23(onSecondHost(survived, lost)).verdict).toBe("fail");
});

describe.each(each)("PC2.3 at $step", ({ step, before, redeploy }) => {
  it("is inconclusive when the boot id did not change, whatever else began anew", () => {
    const was = survived.find((entry) => entry.kind === "clock" && entry.step === before);
    const same = amend(survived, { kind: "clock", step }, () => ({
      bootId: was?.kind === "clock" ? was.data.bootId : "",
    }));
    expect(pc23(same)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("the engine was restarted, the machine was not rebooted"),
      remedy: expect.stringContaining("--host lab,vm"),
    });
  });

  it.each([
    ["before", before],
    ["after", step],
  ])("is inconclusive without a clock %s", (_, at) => {
    expect(pc23(without(survived, { kind: "clock", step: at })).verdict).toBe("inconclusive");
  });

  it("is inconclusive when the uptime was not begun anew", () => {
    const was = survived.find((entry) => entry.kind === "clock" && entry.step === before);
    const is = survived.find((entry) => entry.kind === "clock" && entry.step === step);
    if (was?.kind !== "clock" || is?.kind !== "clock") throw new Error("no clock");
    const uptimeSeconds = was.data.uptimeSeconds + (is.mono - was.mono) / 1000;
    expect(pc23(amend(survived, { kind: "clock", step }, () => ({ uptimeSeconds })))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(`an uptime of ${uptimeSeconds} s`),
    });
  });

  it.each<[string, (image: Body<"images">["images"][number], index: number) => object[]]>([
    ["an image", (image, index) => (index === 1 ? [] : [image])],
    ["a digest", (image, index) => [index === 1 ? { ...image, digests: [] } : image]],
    ["a layer", (image, index) => [index === 1 ? { ...image, layers: image.layers.slice(0, -1) } : image]],
    ["every image", () => []],
  ])("fails when %s is lost", (_, keep) => {
    const lost = amend(survived, { kind: "images", step }, ({ images }) => ({
      images: images.flatMap(keep) as Body<"images">["images"],
    }));
    expect(pc23(lost)).toMatchObject({ verdict: "fail", found: expect.stringContaining(`${step} removed`) });
  });

  it.each([
    ["before", before],
    ["after", step],
  ])("is inconclusive when the store was not seen %s", (_, at) => {
    expect(pc23(without(survived, { kind: "images", step: at })).verdict).toBe("inconclusive");
  });

  it("fails when the host's return downloaded layers, though nothing is missing afterwards", () => {
    expect(pc23(downloaded(survived, step))).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining(`${step} downloaded 1 layer`),
    });
  });

  it("is inconclusive when the hub sent a layer that the interface did not see", () => {
    expect(pc23(downloaded(survived, step, 0)).verdict).toBe("inconclusive");
  });

  it("is inconclusive when the interface received as much as the smallest layer", () => {
    const layers = survived.flatMap((entry) => (entry.kind === "published" ? entry.data.layers : []));
    const smallest = Math.min(...layers.map(({ bytes }) => bytes));
    const seen = survived.find((entry) => entry.kind === "interface" && entry.step === step);
    const missing = seen?.kind === "interface" ? smallest - seen.data.rxBytes : 0;
    expect(pc23(receives(survived, step, missing))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("disagree"),
    });
    expect(pc23(receives(survived, step, missing - 1)).verdict).toBe("pass");
  });

  it("is inconclusive without the interface, or without the size of any layer", () => {
    expect(pc23(without(survived, { kind: "interface", step })).verdict).toBe("inconclusive");
    expect(pc23(without(survived, { kind: "published" }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(`not every witness saw ${step}`),
    });
  });

  it("is inconclusive where requests may be missing, and not where another witness did not see", () => {
    const gap = (witness: string) => {
      const at = survived.findIndex((entry) => entry.kind === "outcome" && entry.step === step);
      const line = { ...survived[at], kind: "gap", data: { witness, reason: "none" } } as Entry;
      return pc23(survived.toSpliced(at, 0, line));
    };
    expect(gap("hub").verdict).toBe("inconclusive");
    expect(gap("rate limit").verdict).toBe("pass");
  });

  it("is inconclusive when nobody saw whether an app ran before", () => {
    expect(pc23(without(survived, { kind: "uses", step: before }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(`whether an app ran before ${step}`),
    });
  });

  it("is inconclusive when what ran before is not what was planned", () => {
    const services = before === "redeploy" ? [] : [{ name: "other", image: "x", previousImage: null }];
    expect(pc23(amend(survived, { kind: "uses", step: before }, () => ({ services }))).verdict).toBe(
      "inconclusive",
    );
  });

  it.each(["fail", "info"] as const)("is inconclusive when the restart ended with %s", (status) => {
    const failed = amend(survived, { kind: "outcome", step }, () => ({ status, message: "e2fsck: 4" }));
    expect(pc23(failed)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("e2fsck: 4"),
    });
  });

  it("is inconclusive without an outcome of the restart, or of the redeploy", () => {
    expect(pc23(without(survived, { kind: "outcome", step })).verdict).toBe("inconclusive");
    expect(pc23(without(survived, { kind: "outcome", step: redeploy })).verdict).toBe("inconclusive");
  });

  it("fails when the redeploy fetched a layer", () => {
    expect(pc23(downloaded(survived, redeploy))).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining(`${redeploy} downloaded`),
    });
  });

  it("is inconclusive when no redeploy followed", () => {
    const all = reboots().steps;
    const scenario = { ...reboots(), steps: all.slice(0, all.findIndex(({ id }) => id === step) + 1) };
    expect(pc23(simulate({ scenarios: [scenario] }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(`no redeploy followed ${step}`),
    });
  });

  it("is inconclusive when the next deploy was a cold one", () => {
    const cold = simulate({ scenarios: [withSteps(redeploy, deploy("cold", "cold"), teardown("down"))] });
    expect(pc23(cold)).toMatchObject({ verdict: "inconclusive" });
  });

  it("is not fooled by layers that came between the restart and the redeploy", () => {
    const steps = reboots().steps.filter(({ id }) => id !== "cold-deploy" && id !== "teardown-1");
    const refilled = simulate({
      scenarios: [
        { ...reboots(), steps: steps.flatMap((one) => (one.id === redeploy ? [...pulls, one] : [one])) },
      ],
    });
    expect(pc23(refilled).verdict).not.toBe("pass");
  });

  it("does not lay at the restart's door what a prune run took away", () => {
    for (const where of [step, redeploy]) {
      const torn = where === "reboot-running" ? [teardown("down")] : [];
      const verdict = pc23(simulate({ scenarios: [withSteps(where, ...torn, pruneAll)] }));
      expect(verdict).toMatchObject({
        verdict: "inconclusive",
        remedy: expect.stringContaining("prune-all"),
      });
    }
  });
});

describe("PC2.3 with an app that runs", () => {
  const step = "reboot-running";

  it.each<[string, (service: Body<"outcome">["services"][number]) => object[]]>([
    ["is not there any more", () => []],
    ["does not run", (service) => [{ ...service, running: false }]],
    ["runs nobody knows what", (service) => [{ ...service, imageId: null }]],
  ])("is inconclusive when one of its services %s afterwards", (_, change) => {
    const lame = amend(survived, { kind: "outcome", step }, ({ services: [first, ...rest] }) => ({
      services: [...(first === undefined ? [] : change(first)), ...rest] as Body<"outcome">["services"],
    }));
    expect(pc23(lame).verdict).toBe("inconclusive");
  });

  it("is inconclusive when none of them was seen", () => {
    expect(pc23(amend(survived, { kind: "outcome", step }, () => ({ services: [] }))).verdict).toBe(
      "inconclusive",
    );
  });

  it("is inconclusive when it needs a layer that was not in the store before", () => {
    const before = amend(survived, { kind: "images", step: "redeploy" }, ({ images }) => ({
      images: images.slice(0, -1),
    }));
    expect(pc23(before)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("were not in the store before"),
    });
  });
});

describe("PC2.3 is not fooled", () => {
  it("by a store that was empty before the restart and was filled after it", () => {
    const scenario = reboots();
    const steps = scenario.steps.filter(({ id }) => !["pull-base", "cold-deploy", "teardown-1"].includes(id));
    const at = steps.findIndex(({ id }) => id === "redeploy");
    const empty = simulate({ scenarios: [{ ...scenario, steps: steps.toSpliced(at, 0, ...pulls) }] });
    expect(pc23(empty)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("there was no image before reboot-at-rest"),
    });
  });

  it("by a machine that was set back, with a boot id that it has had before", () => {
    const back = amend(survived, { kind: "clock" }, ({ bootId }) => ({
      bootId: bootId === "boot-3" ? "boot-1" : bootId,
    }));
    expect(pc23(back)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("a boot id that this host has had before"),
    });
  });

  it("by the boot id of another host", () => {
    const elsewhere = survived.map((entry) =>
      entry.kind === "clock" && entry.step === "reboot-at-rest" ? { ...entry, host: "lab-2" } : entry,
    );
    expect(pc23(elsewhere).verdict).toBe("inconclusive");
  });

  it("by a restart of the engine between two reboots", () => {
    const restart: Step = { id: "restart", do: "restart", manner: "restart" };
    expect(pc23(simulate({ scenarios: [withSteps("redeploy", restart)] }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("the boot id did not change in restart"),
    });
  });

  it("by a deploy in between that belongs to another scenario", () => {
    const { steps, ...about } = reboots();
    const at = steps.findIndex(({ id }) => id === "redeploy");
    const cold = [deploy("cold", "cold"), teardown("down")];
    const scenarios = [
      { ...about, steps: steps.slice(0, at) },
      { ...about, id: "others", claims: [], steps: cold },
      { ...about, id: "reboots-2", steps: steps.slice(at) },
    ];
    expect(pc23(simulate({ scenarios }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("no redeploy followed reboot-at-rest"),
    });
  });

  it("by a second reboot before the redeploy that lost what the first had kept", () => {
    const second: Step = { id: "second", do: "restart", manner: "reboot" };
    const twice = simulate({ scenarios: [withSteps("redeploy", second)] });
    expect(pc23(twice).verdict).toBe("pass");
    const lost = amend(twice, { kind: "images", step: "second" }, () => ({ images: [] }));
    expect(pc23(lost)).toMatchObject({ verdict: "fail", found: expect.stringContaining("second removed") });
  });

  it("by a run that was not restarted at all", () => {
    const idle = { ...reboots(), steps: reboots().steps.filter((one) => one.do !== "restart") };
    expect(pc23(simulate({ scenarios: [idle] }))).toMatchObject({
      verdict: "inconclusive",
      found: "the host was not restarted",
    });
  });
});

describe("a reboot that nobody planned", () => {
  /** The host begins anew in the middle of a step, and its interface counts anew from there. */
  function crashedIn(step: string, before: string): Entry[] {
    const run = simulate({ scenarios: [chain()] });
    const seen = run.find((entry) => entry.kind === "interface" && entry.step === before);
    const base = seen?.kind === "interface" ? seen.data.rxBytes : 0;
    const from = run.find((entry) => entry.kind === "outcome" && entry.step === step)?.seq ?? 0;
    const counted = run.map((entry) =>
      entry.kind === "interface" && entry.seq > from
        ? { ...entry, data: { ...entry.data, rxBytes: Math.max(0, entry.data.rxBytes - base) } }
        : entry,
    );
    return counted.map((entry) =>
      entry.kind === "clock" && entry.seq > from
        ? { ...entry, data: { ...entry.data, bootId: "crashed" } }
        : entry,
    );
  }

  it.each(["PC2.2", "PC3.1"] as const)("leaves it open what came before it: %s does not pass", (claim) => {
    const run = simulate({ scenarios: [chain()] });
    expect(verdictOf(run, claim).verdict).toBe("pass");
    expect(verdictOf(crashedIn("warm-redeploy", "teardown-1"), claim)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("unknown amount"),
    });
  });
});

describe("the control of reboots", () => {
  it("is caught, and takes nothing away from the host that it comes last on", () => {
    const run = simulate({ scenarios: [reboots(), volatileStore] });
    const { controls, claims } = judge(run);
    expect(controls).toMatchObject([{ id: "control-volatile-store", caught: true }]);
    expect(claims.find(({ id }) => id === "PC2.3")?.verdict).toBe("pass");
  });

  it("is not caught when its store outlived the reboot, or when it held nothing", () => {
    const run = simulate({ scenarios: [reboots(), volatileStore] });
    const kept = run.find((entry) => entry.kind === "images" && entry.step === "pull-base-again");
    const outlived = amend(run, { kind: "images", step: "reboot" }, () => kept?.data as Body<"images">);
    const empty = amend(run, { kind: "images", step: "pull-base-again" }, () => ({ images: [] }));
    for (const missed of [outlived, empty])
      expect(judge(missed)).toMatchObject({ overall: "error", controls: [{ caught: false }] });
  });

  it("would fail with the app running just as well, by what its return downloads", () => {
    const scenario = reboots();
    const steps: Step[] = [{ id: "volatile-store", do: "volatile-store" }, ...scenario.steps];
    const { verdict, found } = pc23(simulate({ scenarios: [{ ...scenario, steps }] }));
    expect(verdict).toBe("fail");
    expect(found).toMatch(/reboot-running downloaded 5 layers/);
  });
});

describe("PC2.3 on a live host", () => {
  const simulated = asLive(simulate({ scenarios: [reboots("reboot", "reboot")] }));
  const ofStack = <S extends { name: string }>(services: readonly S[]) =>
    services.map((service) => ({ ...service, name: `${liveStack}_${service.name}` }));
  const mail = { name: "mail_app", image: "mail:1", previousImage: null };
  /** As swarm names the services of a stack, and with another stack that nobody waits for. */
  const shared = simulated.map((entry): Entry => {
    if (entry.kind === "uses")
      return { ...entry, data: { ...entry.data, services: [...ofStack(entry.data.services), mail] } };
    if (entry.kind === "outcome")
      return { ...entry, data: { ...entry.data, services: ofStack(entry.data.services) } };
    return entry;
  });

  it("asks only for the run's own stack back, whatever else runs there", () => {
    expect(pc23(shared)).toMatchObject({ verdict: "pass" });
  });

  it("misses a service of that stack", () => {
    const lost = amend(shared, { kind: "outcome", step: "reboot-running" }, ({ services }) => ({
      services: services.slice(1),
    }));
    expect(pc23(lost)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining(`did not bring back ${liveStack}_`),
    });
  });
});
