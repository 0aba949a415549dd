import { describe, expect, it } from "vitest";
import { type ModeName, modes } from "../../../src/gauntlet/modes.ts";
import { type Cell, cellOf, cellsOf } from "../../../src/matrix/cells.ts";
import { engines } from "../../../src/matrix/engines.ts";
import { differences } from "../../../src/matrix/facts.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { matrixClaims, plainPrune, told } from "../../../suites/matrix.ts";
import { amend, cutBefore, sideBySide, without } from "../../support/edit.ts";
import { removeUnused } from "../../support/simulated-prune.ts";
import { cellRun, idsOf } from "./runs.ts";

const host = "old-graphdriver";
const read = (entries: readonly Entry[], name = host): Cell => cellOf(entries, name, idsOf(name));
const words = ({ verdicts }: Cell) =>
  Object.fromEntries(Object.entries(verdicts).map(([claim, { verdict }]) => [claim, verdict]));

/** What the simulation has of a broken image is another tale than the suite's. */
const judgedHere = matrixClaims.filter((claim) => claim !== "G2");
const allPass = Object.fromEntries(judgedHere.map((claim) => [claim, "pass"]));

describe("a cell of the matrix", () => {
  it("passes where the host keeps all, and tells what plain docker image prune costs there", () => {
    const cell = read(cellRun(host));
    expect(words(cell)).toMatchObject(allPass);
    expect(Object.keys(cell.verdicts).sort()).toEqual([...matrixClaims].sort());
    expect(cell.plainPrune).toMatchObject({ lost: 3, layerBytes: 15_000_000 });
    expect(cell.engine).toMatchObject({ imageStore: "graphdriver" });
  });

  it("fails by what the prune run of the chain removes, not by what is only measured", () => {
    const bad = words(read(cellRun(host, { prune: removeUnused })));
    expect(bad).toMatchObject({
      "PC1.1": "fail",
      "PC2.2": "fail",
      "PC2.4": "fail",
      "PC3.1": "fail",
      G3: "pass",
    });
  });

  it("is judged by its own host alone, whatever goes on beside it", () => {
    const other = "new-graphdriver";
    const both = sideBySide(cellRun(host, { prune: removeUnused }), cellRun(other));
    expect(words(read(both))).toMatchObject({ "PC1.1": "fail" });
    expect(words(read(both, other))).toMatchObject(allPass);
    expect(read(both, other).traits.cold.evidence).not.toEqual(read(both).traits.cold.evidence);
  });

  it("passes nothing that came to no end, or that was not seen", () => {
    const run = cellRun(host);
    const cut = [...cutBefore(run, "redeploy-after-restart"), ...run.slice(-1)];
    expect(words(read(cut))).toMatchObject({
      "PC1.1": "inconclusive",
      "PC3.1": "inconclusive",
      G1: "inconclusive",
    });
    const blind = without(run, { kind: "images", step: "prune" });
    expect(words(read(blind))).toMatchObject({ "PC1.1": "inconclusive", "PC2.2": "inconclusive" });
    expect(Object.values(words(cellOf(run, "another", []))).includes("pass")).toBe(false);
  });

  it("does not guess what the plain prune run did", () => {
    const run = cellRun(host);
    const unseen = without(run, { kind: "images", step: plainPrune.prune });
    expect(read(unseen).plainPrune.lost).toBeNull();
    expect(read(unseen).traits.pruned.seen).toBeNull();
    expect(read(cutBefore(run, plainPrune.deploy)).plainPrune.layerBytes).toBeNull();
  });
});

describe("what an engine does by itself", () => {
  const run = cellRun(host);

  it("is counted by service", () => {
    const { cold, warm, token } = read(run).traits;
    expect(cold.seen).toBe("1 HEAD, 2 GET, 1 config, 1 layer");
    expect(warm.seen).toBe("1 HEAD, 1 GET, 1 config, 0 layer");
    expect(token.seen).toBe("GET");
  });

  it("leaves out what the hub refused", () => {
    const refused = amend(
      run,
      {
        kind: "request",
        step: told.cold,
        that: ({ media, endpoint }) => media === "layer" && endpoint === "blob",
      },
      () => ({ status: 401 }),
    );
    expect(read(refused).traits.cold.seen).toMatch(/, 0 layer$/);
  });

  it("tells in which ways tokens were asked for", () => {
    let first = true;
    const mixed = amend(
      run,
      { kind: "request", step: told.cold, that: ({ endpoint }) => endpoint === "token" },
      () => {
        const change = first ? { method: "POST" } : {};
        first = false;
        return change;
      },
    );
    expect(read(mixed).traits.token.seen).toBe("GET and POST");
  });

  it("tells by what names the recipe's images are stored, and of no other image", () => {
    const names = (tags: string[], digests: string[]) =>
      amend(run, { kind: "images", step: told.cold }, ({ images }) => ({
        images: images.map((image) =>
          image.digests.some((name) => name.startsWith("pullproof/base@"))
            ? image
            : { ...image, tags, digests },
        ),
      }));
    const stored = (entries: readonly Entry[]) => read(entries).traits.stored.seen;
    expect(stored(run)).toBe("by digest only");
    expect(stored(names(["pullproof/web:1"], ["pullproof/web@sha256:1"]))).toBe("by tag");
    expect(stored(names([], ["pullproof/web:1@sha256:1"]))).toBe("by tag and digest in one");
    expect(stored(names([], []))).toBeNull();
  });

  it("tells what is lost when a tag moves", () => {
    expect(read(run).traits.moved.seen).toBe("0 images");
    const dropped = amend(run, { kind: "images", step: told.moved }, ({ images }) => ({
      images: images.slice(1),
    }));
    expect(read(dropped).traits.moved.seen).toBe("1 image");
  });

  it("tells the events of the plain prune run and of a warm deploy, where their stream was whole", () => {
    const { events, pulls } = read(run).traits;
    expect(events.seen).toBe("delete");
    expect(Number(pulls.seen)).toBe(
      run.filter((entry) => entry.kind === "event" && entry.step === told.warm).length,
    );
    const silent = without(run, { kind: "event", step: plainPrune.prune });
    expect(read(silent).traits.events.seen).toBe("none");
    const torn = amend(run, { kind: "fence", step: plainPrune.prune }, () => ({ seen: false }));
    expect(read(torn).traits.events.seen).toBeNull();
  });

  it("tells what it said of a deploy that failed, so that it can be compared", () => {
    const said = (message: string) =>
      read(amend(run, { kind: "outcome", step: told.vanished }, () => ({ message }))).traits.vanished.seen;
    expect(said("app_web: 3 tasks were rejected: No such image: pullproof/web:1.0.0@sha256:12ab")).toBe(
      "No such image: IMAGE",
    );
    const pull = "docker pull pullproof/web:1.0.0: Error response from daemon: ";
    expect(said(`${pull}manifest for pullproof/web:1.0.0 not found:\nno`)).toBe(
      "manifest for IMAGE not found: no",
    );
    expect(said("it broke: bad digest sha256:00ff")).toBe("it broke: bad digest DIGEST");
    const silent = amend(run, { kind: "outcome", step: told.vanished }, () => ({ message: null }));
    expect(read(silent).traits.vanished.seen).toBeNull();
  });

  it("rests on evidence of its own step", () => {
    const traits = read(run).traits;
    const stepOf = (seq: number) => run.find((entry) => entry.seq === seq)?.step;
    for (const seq of traits.cold.evidence) expect(stepOf(seq)).toBe(told.cold);
    for (const seq of traits.warm.evidence) expect(stepOf(seq)).toBe(told.warm);
    expect(traits.pruned.evidence.map(stepOf)).toContain(plainPrune.prune);
  });
});

describe("differences from the facts", () => {
  const plan = { host, mode: modes[0] };

  it("are told where an engine does something else, with what was seen and where", () => {
    const cell = read(cellRun(host));
    const found = differences(plan, cell);
    // The simulation reads a config once where the engine reads it twice, and knows but two kinds of events.
    expect(found.map(({ trait }) => trait)).toEqual(["cold", "pulls", "events"]);
    expect(found[0]).toMatchObject({
      host,
      seen: cell.traits.cold.seen,
      evidence: cell.traits.cold.evidence,
    });
    expect(found[0]?.fact).not.toBe(cell.traits.cold.seen);
  });

  it("are told for what was not seen, too", () => {
    const unseen = without(cellRun(host), { kind: "images", step: plainPrune.prune });
    expect(differences(plan, read(unseen))).toContainEqual(
      expect.objectContaining({ trait: "pruned", seen: null }),
    );
  });

  it("follow the image store and the prepull", () => {
    const cell = read(cellRun(host));
    const traitsIn = (name: ModeName) => {
      const mode = modes.find((one) => one.name === name) ?? modes[0];
      return differences({ host, mode }, cell).map(({ trait }) => trait);
    };
    expect(traitsIn("containerd")).toEqual(expect.arrayContaining(["stored", "pruned", "token"]));
    expect(traitsIn("graphdriver-prepull")).toEqual(["stored", "pruned"]);
  });
});

describe("the cells of an engine", () => {
  it("are every image store that it has, with and without prepull, each under a name of its own", () => {
    for (const engine of engines) {
      const seen = cellsOf(engine).map(({ mode }) => `${mode.imageStore} ${mode.prepull}`);
      expect(seen.sort()).toEqual(
        engine.imageStores.flatMap((store) => [`${store} false`, `${store} true`]).sort(),
      );
    }
    const names = engines.flatMap(cellsOf).map((cell) => cell.host);
    expect(new Set(names).size).toBe(names.length);
    // Names of containers and of folders that hold sockets.
    for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,40}$/);
  });
});
