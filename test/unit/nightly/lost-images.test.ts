import { describe, expect, it } from "vitest";
import type { Entry, StoredImage } from "../../../src/model/evidence.ts";
import { compare } from "../../../src/nightly/compare.ts";
import type { RunSummary } from "../../../src/nightly/summary.ts";
import type { Removal } from "../../../src/policy/removals.ts";
import { amend, without } from "../../support/edit.ts";
import { HandWritten, image, pull } from "../../support/hand-written.ts";
import { summaryOf } from "../../support/nights.ts";

/** A run that finds these images on a host, and leaves them there. */
function run(images: StoredImage[], host = "live"): Entry[] {
  return new HandWritten().host(host, { images }).step(pull("pull")).entries;
}

const cached = [image("web"), image("store"), image("worker")];
const last = summaryOf(run(cached));
/** When the last run ended: that of every line that is written by hand. */
const ended = Date.parse(last.ended);

const removal = (name: string, at = ended + 1): Removal => ({
  at,
  id: image(name).id,
  name,
  reason: "unused for 9 days",
});

function images(tonight: RunSummary, removals: Removal[] = [], before: RunSummary | null = last) {
  const found = compare(tonight, { good: [], timed: [], last: before, removals });
  return found.filter(({ kind }) => kind === "images");
}

describe("images of a live host", () => {
  it("that are there still are as they were, and new ones are nobody's loss", () => {
    expect(images(summaryOf(run([...cached, image("new")])))).toMatchObject([
      { change: "same", tonight: "none lost" },
    ]);
  });

  it("that are gone without a reason are a regression, by name", () => {
    const [row] = images(summaryOf(run(cached.slice(0, 1))));
    expect(row).toMatchObject({ change: "worse", before: "3 images" });
    expect(row?.tonight).toMatch(/2 images lost without a reason: .*sha256:store.*sha256:worker/);
  });

  it("that the run itself pulled again were lost all the same", () => {
    const healed = new HandWritten()
      .host("live", { images: cached.slice(0, 2) })
      .step(pull("pull"), { images: cached }).entries;
    expect(images(summaryOf(healed))).toMatchObject([{ change: "worse" }]);
  });

  it("that pullproof prune removed are told with the reason, and are none", () => {
    const [row] = images(summaryOf(run(cached.slice(0, 2))), [removal("worker")]);
    expect(row).toMatchObject({ change: "same" });
    expect(row?.tonight).toMatch(/sha256:worker: unused for 9 days/);
  });

  it.each([
    ["another image's removal", [removal("web")]],
    ["a removal before the last run ended: the image was there then", [removal("worker", ended - 1)]],
  ])("are not excused by %s", (_, removals) => {
    expect(images(summaryOf(run(cached.slice(0, 2))), removals)).toMatchObject([{ change: "worse" }]);
  });

  it.each<[string, RunSummary, RunSummary]>([
    ["then", summaryOf(without(run(cached), { kind: "images" })), summaryOf(run(cached))],
    ["tonight", last, summaryOf(without(run(cached), { kind: "images" }))],
  ])("that were not seen %s leave it open", (_, before, tonight) => {
    expect(images(tonight, [], before)).toMatchObject([{ change: "unsure" }]);
  });

  it("are not looked for in another store, on a lab, or before the first night", () => {
    const moved = amend(run([]), { kind: "environment", that: () => true }, ({ engine }) => ({
      engine: { ...engine, storageDriver: "zfs" },
    }));
    expect(images(summaryOf(moved))).toMatchObject([
      { change: "new", tonight: "another store: not compared" },
    ]);
    expect(images(summaryOf(run([], "lab")))).toEqual([]);
    expect(images(summaryOf(run([])), [], null)).toEqual([]);
    expect(images(summaryOf(run([])))).toHaveLength(1);
  });
});
