import { describe, expect, it } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import { cellOf, exitCodeOf, type FaultCell } from "../../../src/faults/cells.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { type FaultCase, labFaults, vmFaults } from "../../../suites/faults.ts";
import { amend, cutBefore, without } from "../../support/edit.ts";
import { courierSettings } from "../../support/pressure-run.ts";
import { smallHost } from "../../support/simulated-host.ts";
import { simulate } from "../../support/simulation.ts";

const cases = [...labFaults(courierSettings()), ...vmFaults(courierSettings())];

function caseOf(id: string): FaultCase {
  const found = cases.find(({ scenario }) => scenario.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  return found;
}

const ran = (about: FaultCase, fails: readonly string[] = []) =>
  simulate({ host: smallHost("graphdriver"), scenarios: [about.scenario], fails });
const unknown = { status: "info" } as const;
const failed = { status: "fail" } as const;
const up = { status: "ok", message: null } as const;
const judged = (about: FaultCase, entries: readonly Entry[]) => cellOf(readHistory(entries), about);

/** What comes of a fault whose evidence was changed. */
function cell(id: string, change: (entries: Entry[]) => Entry[] = (entries) => entries): FaultCell {
  return judged(caseOf(id), change(ran(caseOf(id))));
}

describe("every fault", () => {
  it.each(cases.map((about) => [about.scenario.id, about] as const))("%s: as expected", (_, about) => {
    const { outcome, evidence } = judged(about, ran(about));
    expect(outcome).toBe("as expected");
    expect(evidence.length).toBeGreaterThan(0);
  });

  it.each(cases.map((about) => [about.scenario.id, about] as const))(
    "%s: not without its end",
    (_, about) => {
      const entries = ran(about);
      const last = about.scenario.steps.at(-1)?.id ?? "";
      const runs = [
        cutBefore(entries, last),
        entries.slice(0, -1),
        without(entries, { kind: "outcome", step: last }),
        amend(entries, { kind: "outcome", step: last }, () => ({ ...unknown, message: "who knows" })),
        entries.filter(({ kind }) => kind === "run" || kind === "end"),
      ];
      for (const run of runs) expect(judged(about, run).outcome).toBe("cannot be told");
    },
  );

  it.each(cases.map((about) => [about.scenario.id, about] as const))(
    "%s: not when the app stays down",
    (_, about) => {
      const deploys = about.scenario.steps.filter(
        (step) => step.do === "deploy" && step.expect !== "refused",
      );
      const last = deploys.at(-1)?.id ?? "";
      const { outcome, happened } = judged(about, ran(about, [last]));
      expect(outcome).toBe("not as expected");
      expect(happened).toContain(`${last} failed: it did not work`);
    },
  );

  it("is judged by what befell its own host alone", () => {
    const down = caseOf("down-on-graphdriver");
    const both = [caseOf("down-prepull-on-graphdriver"), down].map(({ scenario }) => scenario);
    const entries = simulate({ host: smallHost("graphdriver"), scenarios: both, fails: ["redeploy-after"] });
    expect(judged(down, entries).outcome).toBe("not as expected");
    expect(judged(caseOf("engine-kill-on-graphdriver"), entries).outcome).toBe("cannot be told");
  });
});

describe("an interrupted pull", () => {
  const id = "engine-kill-on-graphdriver";

  it("tells how far it had come, how it ended, and what was sent twice", () => {
    const { happened, again } = cell(id);
    expect(happened).toMatch(/1 of 3 layers.*the pull failed: unexpected EOF.*redeploy came up/);
    // 800 kB whole, and the half of 8 and of 5 MB.
    expect(again).toEqual({ layers: 3, bytes: 7_300_000 });
  });

  it("costs nothing twice where the pull goes on where it was cut off", () => {
    const resumed = cell(id, (entries) =>
      entries.map((entry) => {
        if (entry.kind !== "request" || entry.step !== "redeploy" || entry.data.media !== "layer")
          return entry;
        const came = entries.find(
          (other) =>
            other.kind === "request" && other.step === "interrupt" && other.data.digest === entry.data.digest,
        );
        const before = came?.kind === "request" ? came.data.bytes : 0;
        return { ...entry, data: { ...entry.data, bytes: entry.data.bytes - before, status: 206 } };
      }),
    );
    expect(resumed.again).toEqual({ layers: 0, bytes: 0 });
  });

  it("is none when every layer had come, when nobody saw it on its way, or when it ended well", () => {
    const changes: ((entries: Entry[]) => Entry[])[] = [
      (entries) => amend(entries, { kind: "request", step: "interrupt" }, () => ({ complete: true })),
      (entries) => without(entries, { kind: "request", step: "interrupt" }),
      (entries) => amend(entries, { kind: "activity" }, () => ({ before: false })),
      (entries) => without(entries, { kind: "activity" }),
      (entries) => amend(entries, { kind: "outcome", step: "interrupt" }, () => unknown),
    ];
    for (const change of changes) expect(cell(id, change).outcome).toBe("cannot be told");
  });

  it("is not made good by a deploy that runs something else, or of which nobody knows what it runs", () => {
    const other = cell(id, (entries) =>
      amend(entries, { kind: "outcome", step: "redeploy" }, ({ services }) => ({
        services: services.map((service) => ({ ...service, image: "pullproof/worker:1@sha256:other" })),
      })),
    );
    expect(other.outcome).toBe("not as expected");
    expect(cell(id, (entries) => without(entries, { kind: "images", step: "redeploy" })).outcome).toBe(
      "cannot be told",
    );
    expect(cell(id, (entries) => without(entries, { kind: "published" })).outcome).toBe("cannot be told");
  });

  it("that leaves the host damaged is not as expected", () => {
    const damaged = cell("power-cut-on-vm", (entries) =>
      amend(entries, { kind: "outcome", step: "interrupt" }, () => ({ ...failed, message: "bad inodes" })),
    );
    expect(damaged).toMatchObject({
      outcome: "not as expected",
      happened: expect.stringContaining("bad inodes"),
    });
  });

  it("does not tell what was sent twice where the ledger is not whole, or a layer is not known", () => {
    const gap = { witness: "hub", reason: "requests were still under way" };
    const torn = cell(id, (entries) => {
      const at = entries.findIndex(({ kind, step }) => kind === "outcome" && step === "interrupt");
      const line = { ...entries[at], kind: "gap", source: "hub", data: gap } as Entry;
      return entries.toSpliced(at, 0, line);
    });
    expect(torn.again).toBeNull();
    expect(cell(id, (entries) => without(entries, { kind: "published" })).again).toBeNull();
    expect(cell(id, (entries) => cutBefore(entries, "reset")).again).toBeNull();
  });

  it("counts what its own hub published, and no other", () => {
    const smaller = cell(id, (entries) => {
      const at = entries.findIndex(({ kind }) => kind === "published");
      const elsewhere = entries.flatMap((entry) =>
        entry.kind === "published"
          ? [
              {
                ...entry,
                host: "another",
                data: { ...entry.data, layers: entry.data.layers.map((layer) => ({ ...layer, bytes: 1 })) },
              },
            ]
          : [],
      );
      return entries.toSpliced(at, 0, ...elsewhere).toSpliced(entries.length, 0, ...elsewhere);
    });
    expect(smaller.again).toEqual({ layers: 3, bytes: 7_300_000 });
  });
});

describe("a hub that is of no use", () => {
  const untagged = "down-on-graphdriver";

  it("keeps a redeploy from coming up although every layer is local, in words that say why", () => {
    for (const id of [untagged, "rate-limited-on-graphdriver"])
      expect(cell(id).happened).toMatch(
        /every layer was local, and still redeploy failed \(No such image: .*output says nothing.*names the tag.*only the digest.*redeploy-after came up without a layer/,
      );
    const warned = cell(untagged, (entries) =>
      amend(entries, { kind: "outcome", step: "redeploy" }, () => ({ warnings: ["could not be accessed"] })),
    );
    expect(warned.happened).not.toContain("says nothing");
  });

  it("keeps none from coming up whose images have a tag", () => {
    for (const id of ["down-prepull-on-graphdriver", "rate-limited-prepull-on-graphdriver"]) {
      expect(cell(id).happened).toMatch(/redeploy came up without a layer.*by tag and not by digest/);
      expect(cell(id).again).toEqual({ layers: 0, bytes: 0 });
    }
  });

  it("keeps none from coming up as long as it answers the HEAD", () => {
    expect(cell("spent-budget-on-graphdriver").happened).toMatch(/redeploy came up without a layer/);
  });

  it("was of use when a redeploy comes up that should not", () => {
    const came = cell(untagged, (entries) =>
      amend(entries, { kind: "outcome", step: "redeploy" }, ({ services }) => ({
        ...up,
        services: services.map((service) => ({ ...service, running: true })),
      })),
    );
    expect(came).toMatchObject({
      outcome: "not as expected",
      happened: expect.stringContaining("redeploy came up"),
    });
  });

  it("is not what a deploy failed by that had not every image, or named a digest, or met no fault", () => {
    const changes: ((entries: Entry[]) => Entry[])[] = [
      (entries) =>
        amend(entries, { kind: "images", step: "outage" }, ({ images }) => ({ images: images.slice(1) })),
      (entries) => without(entries, { kind: "images", step: "outage" }),
      (entries) =>
        amend(entries, { kind: "outcome", step: "redeploy" }, ({ services }) => ({
          services: services.map((service) => ({ ...service, image: `${service.image}@sha256:1` })),
        })),
      (entries) => amend(entries, { kind: "outcome", step: "redeploy" }, () => ({ services: [] })),
      (entries) => amend(entries, { kind: "request", step: "redeploy" }, () => ({ fault: null })),
    ];
    for (const change of changes) expect(cell(untagged, change).outcome).toBe("cannot be told");
  });

  it("has cost a layer where a tagged redeploy fetched one", () => {
    const id = "down-prepull-on-graphdriver";
    const fetched = cell(id, (entries) => {
      const layer = entries.find(
        ({ kind, data }) => kind === "request" && "media" in data && data.media === "layer",
      );
      const at = entries.findIndex(({ kind, step }) => kind === "outcome" && step === "redeploy");
      const more = layer?.kind === "request" ? layer.data.bytes : 0;
      const again = { ...layer, step: "redeploy", scenario: id } as Entry;
      return amend(
        entries.toSpliced(at, 0, again),
        { kind: "interface", that: () => true },
        ({ rxBytes }) => ({ rxBytes }),
      ).map((entry, index) =>
        entry.kind === "interface" && index > at
          ? { ...entry, data: { ...entry.data, rxBytes: entry.data.rxBytes + 2 * more } }
          : entry,
      );
    });
    expect(fetched).toMatchObject({
      outcome: "not as expected",
      happened: expect.stringContaining("downloaded 1 layer"),
      again: { layers: 1 },
    });
  });
});

describe("a layer that was cut off", () => {
  it("comes up, tells where it was cut, and sends nothing twice", () => {
    const { happened, again } = cell("truncated-layer-on-graphdriver");
    expect(happened).toMatch(/deploy-truncated came up.*cut after 2\.5 MB of a layer/);
    expect(again).toEqual({ layers: 0, bytes: 0 });
  });

  it("was none when no answer was cut", () => {
    const uncut = cell("truncated-layer-on-graphdriver", (entries) =>
      amend(entries, { kind: "request", that: ({ fault }) => fault !== null }, () => ({ fault: null })),
    );
    expect(uncut.outcome).toBe("cannot be told");
  });
});

describe("exitCodeOf", () => {
  const of = (...outcomes: FaultCell["outcome"][]) =>
    exitCodeOf(outcomes.map((outcome) => ({ outcome, happened: "", again: null, evidence: [] })));

  it("is success only where every outcome is as expected", () => {
    expect(of("as expected", "as expected")).toBe(0);
    expect(of("as expected", "cannot be told")).toBe(2);
    expect(of("cannot be told", "not as expected", "as expected")).toBe(1);
    expect(of()).toBe(2);
  });
});
