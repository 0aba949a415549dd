import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import type { PrunePlan } from "../../../src/policy/model.ts";
import { decide, planPrune } from "../../../src/policy/plan.ts";
import { type Changes, container, day, disk, host, hour, image, now, service, sha } from "./hosts.ts";

const words = ["app", "base", "cached", "fresh", "left", "old", "older", "other"];
const wordOf = new Map(words.map((word) => [sha(word), word]));

/** What a plan does with each image, by its word. */
function does(plan: Pick<PrunePlan, "decisions">): Record<string, string> {
  return Object.fromEntries(plan.decisions.map(({ image, does }) => [wordOf.get(image.id), does]));
}

const orderOf = (plan: PrunePlan) => plan.order.map((id) => wordOf.get(id));
const plan = (changes: Changes) => planPrune(host(changes));

function reason(changes: Changes, word: string): string {
  const found = plan(changes).decisions.find(({ image }) => image.id === sha(word));
  return found?.reason ?? expect.fail(`no decision on ${word}`);
}

const old = image("old", ["old:1"]);
const older = image("older", ["older:1"]);
const fresh = image("fresh", ["fresh:1"]);
const cached = image("cached", [`nginx@${sha("digest")}`]);
const left = image("left");

describe("pressure", () => {
  it.each([disk(799), disk(0, 799), disk(799, 0, 0)])(
    "below the high mark nothing goes: %j",
    (fileSystem) => {
      const below = plan({ images: [old, left], state: { disk: fileSystem } });
      expect(does(below)).toEqual({ old: "spare", left: "spare" });
      expect(below).toMatchObject({ pressure: false, freedBytes: 0, sufficient: true });
      expect(orderOf(below)).toEqual(["left", "old"]);
    },
  );

  it("from the high mark on the oldest go, as many as it takes to get below the low mark", () => {
    const images = ["old", "older", "cached", "other"].map((word) => image(word, [`${word}:1`]));
    const unusedDays = { old: 20, older: 50, cached: 30, other: 10 };
    const at = (usedBytes: number) => plan({ images, unusedDays, state: { disk: disk(usedBytes) } });
    expect(at(800)).toMatchObject({ pressure: true, freedBytes: 200, sufficient: true });
    expect(does(at(800))).toEqual({ older: "remove", cached: "remove", old: "spare", other: "spare" });
    expect(does(at(899))).toEqual({ older: "remove", cached: "remove", old: "spare", other: "spare" });
    expect(does(at(900))).toEqual({ older: "remove", cached: "remove", old: "remove", other: "spare" });
    expect(orderOf(at(900))).toEqual(["older", "cached", "old", "other"]);
  });

  it("says when all that may go is not enough", () => {
    const short = plan({ images: [old, fresh], unusedDays: { fresh: 1 } });
    expect(does(short)).toEqual({ old: "remove", fresh: "keep" });
    expect(short).toMatchObject({ pressure: true, freedBytes: 100, sufficient: false });
    expect(plan({})).toMatchObject({ order: [], freedBytes: 0, sufficient: false });
  });

  it("obeys absolute marks", () => {
    const marks = { high: { bytes: 500 }, low: { bytes: 450 } };
    const at = (usedBytes: number) =>
      plan({ images: [old, older], rules: { marks }, state: { disk: disk(usedBytes) } });
    expect(at(499)).toMatchObject({ pressure: false, freedBytes: 0 });
    expect(at(500)).toMatchObject({ pressure: true, freedBytes: 100, sufficient: true });
    expect(at(600)).toMatchObject({ freedBytes: 200, sufficient: true });
  });

  it("on inodes lists all that may go, and says that what they free is not known", () => {
    const inodes = plan({
      images: [old, older, fresh],
      unusedDays: { fresh: 1 },
      state: { disk: disk(10, 900) },
    });
    expect(does(inodes)).toEqual({ old: "remove", older: "remove", fresh: "keep" });
    expect(inodes).toMatchObject({ pressure: true, sufficient: false });
    expect(inodes.warnings).toEqual([expect.stringMatching(/inodes/)]);
  });

  it("does the same when bytes are high and inodes only above the low mark", () => {
    const both = plan({ images: [old, older], state: { disk: disk(800, 750) } });
    expect(does(both)).toEqual({ old: "remove", older: "remove" });
    expect(both.warnings).toEqual([expect.stringMatching(/inodes/)]);
    expect(plan({ images: [old, older], state: { disk: disk(799, 750) } }).warnings).toEqual([]);
  });

  it("refuses a low mark above the high one, on this disk", () => {
    const marks = { high: { share: 0.5 }, low: { bytes: 600 } };
    expect(() => plan({ rules: { marks } })).toThrow(expect.objectContaining({ exitCode: ExitCode.config }));
    const roomy = { ...disk(0), totalBytes: 10_000 };
    expect(plan({ rules: { marks }, state: { disk: roomy } }).pressure).toBe(false);
  });

  it("warns of a high mark that the disk cannot reach", () => {
    const marks = { high: { bytes: 2_000 }, low: { bytes: 100 } };
    expect(plan({ rules: { marks } }).warnings).toEqual([expect.stringMatching(/2\.0 kB.*1\.0 kB/)]);
  });
});

describe("the estimate", () => {
  const base = image("base", ["base:1"], ["b1", "b2"]);
  const app = image("app", ["app:1"], ["b1", "b2", "a"]);

  it("counts a layer when the last image goes that has it", () => {
    const layerBytes = { b1: 10, b2: 20, a: 40 };
    const all = plan({ images: [base, app], unusedDays: { app: 50 }, layerBytes });
    expect(all).toMatchObject({ freedBytes: 70, order: [app.id, base.id] });
    const shared = plan({ images: [base, app], unusedDays: { app: 50, base: 1 }, layerBytes });
    expect(shared).toMatchObject({ freedBytes: 40, order: [app.id] });
  });

  it("goes on after an image that frees nothing by itself", () => {
    const early = plan({
      images: [base, app],
      unusedDays: { base: 50 },
      layerBytes: { b1: 100, b2: 50, a: 51 },
    });
    expect(early).toMatchObject({ freedBytes: 201, sufficient: true, order: [base.id, app.id] });
  });

  it("takes the same diff on another base for another layer, as it is on disk", () => {
    const other = image("other", ["other:1"], ["x", "a"]);
    const images = [app, other];
    const layerBytes = { b1: 1, b2: 2, a: 40, x: 4 };
    expect(plan({ images, unusedDays: { app: 1 }, layerBytes })).toMatchObject({ freedBytes: 44 });
    expect(plan({ images, layerBytes })).toMatchObject({ freedBytes: 87 });
  });

  it("counts a layer of unknown size as nothing", () => {
    const input = host({ images: [app] });
    expect(planPrune({ ...input, layerBytes: new Map([["a", 7]]) })).toMatchObject({
      freedBytes: 7,
      sufficient: false,
    });
  });
});

describe("the order", () => {
  it("is left-overs of builds first, then by use, then by ID", () => {
    const images = [old, cached, left, older];
    const unusedDays = { old: 40, older: 40, cached: 50, left: 8 };
    const equals = ["old", "older"].sort((a, b) => (sha(a) < sha(b) ? -1 : 1));
    expect(orderOf(plan({ images, unusedDays }))).toEqual(["left", "cached", ...equals]);
  });

  it("does not count an image that has a digest and no tag as a left-over", () => {
    expect(orderOf(plan({ images: [cached, old], unusedDays: { old: 40 } }))).toEqual(["old", "cached"]);
    expect(reason({ images: [cached] }, "cached")).toMatch(/^orphaned/);
    expect(reason({ images: [left] }, "left")).toMatch(/^dangling build left-over/);
  });
});

describe("age", () => {
  it("lets an image go at the minimum age and not before", () => {
    expect(does(plan({ images: [old], unusedDays: { old: 7 } }))).toEqual({ old: "remove" });
    expect(does(plan({ images: [old], unusedDays: { old: 6.99 } }))).toEqual({ old: "keep" });
    expect(reason({ images: [old], unusedDays: { old: 5 } }, "old")).toBe(
      "used 5 days ago; the minimum age is 7 days",
    );
  });

  it("keeps an image without a record, however high the pressure", () => {
    const unknown = { images: [old, left], record: { images: {} }, state: { disk: disk(1000) } };
    expect(does(plan(unknown))).toEqual({ old: "keep", left: "keep" });
    expect(plan(unknown)).toMatchObject({ order: [], sufficient: false });
    expect(reason(unknown, "old")).toMatch(/not seen before/);
  });

  it("counts from the end of a gap, but for left-overs of builds", () => {
    const gap = { images: [old, cached, left], record: { since: now - 2 * day } };
    expect(does(plan(gap))).toEqual({ old: "keep", cached: "keep", left: "remove" });
    expect(reason(gap, "old")).toBe("uses were watched for the last 2 days only; the minimum age is 7 days");
  });

  it("may be nothing at all", () => {
    const zero = { images: [old], record: { images: {} }, rules: { minAgeMs: 0 } };
    expect(does(plan(zero))).toEqual({ old: "remove" });
  });
});

describe("what is kept", () => {
  it("includes what containers, services, rules and pins name", () => {
    const images = [old, older, fresh, cached, left];
    const kept = plan({
      images,
      state: {
        containers: [container("left", "x", "exited")],
        services: [service(`nginx:1@${sha("digest")}`)],
      },
      rules: { keep: ["old"], pinned: [{ image: "older:1", by: "x" }] },
    });
    expect(does(kept)).toEqual({ left: "keep", cached: "keep", old: "keep", older: "keep", fresh: "remove" });
  });

  it("includes what a kept image is built on, for whatever reason that is kept", () => {
    const base = image("base", ["base:1"], ["b1", "b2"]);
    const app = image("app", ["app:1"], ["b1", "b2", "a"]);
    const images = [base, app];
    expect(does(plan({ images }))).toEqual({ base: "remove", app: "remove" });
    expect(does(plan({ images, rules: { keep: ["app"] } }))).toEqual({ base: "keep", app: "keep" });
    expect(does(plan({ images, unusedDays: { app: 1 } }))).toEqual({ base: "keep", app: "keep" });
    expect(reason({ images, unusedDays: { app: 1 } }, "base")).toBe("base of app:1, which is kept");
  });

  it("does not include what shares only some layers with it, or none", () => {
    const app = image("app", ["app:1"], ["b1", "b2", "a"]);
    const unusedDays = { app: 1 };
    const beside = image("other", ["other:1"], ["b1", "x"]);
    const shifted = image("base", ["base:1"], ["b2"]);
    const empty = image("old", ["old:1"], []);
    expect(does(plan({ images: [app, beside, shifted, empty], unusedDays }))).toEqual({
      app: "keep",
      other: "remove",
      base: "remove",
      old: "remove",
    });
  });

  it("is not a base because an image that may go is built on it", () => {
    const base = image("base", ["base:1"], ["b1"]);
    const app = image("app", ["app:1"], ["b1", "a"]);
    expect(does(plan({ images: [base, app], state: { disk: disk(0) } }))).toEqual({
      base: "spare",
      app: "spare",
    });
  });
});

describe("a busy host", () => {
  const state = { services: [service("web:1", { desired: 2, running: 1 })] };

  it("loses nothing, and says why", () => {
    const busy = plan({ images: [old, left], state });
    expect(does(busy)).toEqual({ old: "spare", left: "spare" });
    expect(busy).toMatchObject({
      pressure: true,
      sufficient: false,
      freedBytes: 0,
      busy: expect.stringMatching(/web/),
    });
    expect(reason({ images: [old], state }, "old")).toMatch(/orphaned.*not now.*web/);
  });

  it("without pressure has nothing to do anyway", () => {
    const busy = plan({ images: [old], state: { ...state, disk: disk(10) } });
    expect(busy).toMatchObject({ pressure: false, sufficient: true, busy: expect.stringMatching(/web/) });
  });
});

describe("warnings", () => {
  it("name each keep rule that matches nothing, protected images counted in", () => {
    const rules = { keep: ["old", "nothing:*", "fresh"] };
    const { warnings } = plan({ images: [old, fresh], unusedDays: { fresh: 1 }, rules });
    expect(warnings).toEqual(["the keep rule nothing:* matches no image"]);
  });

  it("name who pins everything", () => {
    const { warnings, decisions } = plan({
      images: [old],
      rules: { pinned: [{ image: "*", by: "the recipe x" }] },
    });
    expect(warnings).toEqual([expect.stringMatching(/^the recipe x .*every image/)]);
    expect(decisions).toMatchObject([{ does: "keep" }]);
  });

  it("are none on an ordinary host", () => {
    expect(plan({ images: [old] }).warnings).toEqual([]);
  });
});

describe("reasons", () => {
  it("of what goes and of what is spared tell how long it is unused", () => {
    const images = [old, older, image("other", ["other:1"])];
    const unusedDays = { old: 12, older: 30, other: 1.5 };
    const changes = { images, unusedDays, rules: { minAgeMs: hour }, state: { disk: disk(790) } };
    expect(reason({ ...changes, state: { disk: disk(800) } }, "older")).toBe("orphaned, unused for 30 days");
    expect(reason({ ...changes, state: { disk: disk(800) } }, "old")).toBe("orphaned, unused for 12 days");
    expect(reason({ ...changes, state: { disk: disk(800) } }, "other")).toBe(
      "orphaned, unused for 36 hours; enough is freed without it",
    );
    expect(reason(changes, "other")).toBe("orphaned, unused for 36 hours; nothing has to be freed");
  });
});

describe("decide", () => {
  it("tells what may go without a word on pressure", () => {
    const { layerBytes: _, ...input } = host({
      images: [old, fresh],
      unusedDays: { fresh: 1 },
      state: { disk: disk(0) },
    });
    expect(does({ decisions: decide(input) })).toEqual({ old: "spare", fresh: "keep" });
    expect(decide(input).find(({ does }) => does === "spare")).toMatchObject({
      reason: "orphaned, unused for 30 days",
    });
  });
});
