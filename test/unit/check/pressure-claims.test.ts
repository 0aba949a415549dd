import { describe, expect, it } from "vitest";
import type { Body, StoredImage } from "../../../src/model/evidence.ts";
import { age, HandWritten, image, prune, pull, type Seen } from "../../support/hand-written.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const base = image("base", {
  tags: ["pullproof/base:1.0.0"],
  digests: ["pullproof/base@sha256:base"],
  layers: ["sha256:base"],
});
const leftOver = image("left-over", { digests: [] });
const old = [1, 2, 3, 4].map((n) => image(`old-${n}`));
const fresh = image("fresh");
const busy = image("busy");
const everything = [base, busy, leftOver, ...old, fresh];
const uses: Body<"uses"> = {
  containers: [{ name: "/app", state: "exited", imageId: busy.id }],
  services: [],
};

/** All that there was, but for some. */
const without = (...gone: (StoredImage | undefined)[]) => everything.filter((one) => !gone.includes(one));

/** A disk that is 85 % full: old orphans that came one after the other, and all that has to stay. */
function pressed(share = 0.85): HandWritten {
  const history = new HandWritten({ images: [base], share: 0.5, uses });
  old.forEach((_, index) => {
    history.step(pull(`pull-${index + 1}`), { images: [base, busy, ...old.slice(0, index + 1)] });
  });
  // Left-overs go first, however late they came.
  history.step(pull("left-over"), { images: [base, busy, ...old, leftOver] });
  history.step(age(10)).step(pull("pull-fresh"), { images: everything });
  return history.step({ id: "fill", do: "fill", share }, { share });
}

const pc12 = (history: HandWritten) => verdictOf(history.entries, "PC1.2");
/** A prune run at rest on that disk, and what is seen after it. */
const atRest = (seen: Seen, share = 0.85) => pc12(pressed(share).step(prune("prune"), seen));

/** What a prune run does that does all right. */
const right: Seen = { images: without(leftOver, old[0], old[1]), share: 0.69 };

describe("PC1.2 passes", () => {
  it("when left-overs and then the oldest orphans go, until the disk is below the mark", () => {
    expect(atRest(right)).toMatchObject({
      verdict: "pass",
      found: expect.stringMatching(/^1 prune run under disk pressure removed nothing but old orphans/),
      remedy: null,
    });
  });

  it("when not a byte more was used than the mark allows, and not with one more", () => {
    const images = right.images ?? [];
    expect(atRest({ images, disk: { usedBytes: 70e6 - 1 } }).verdict).toBe("pass");
    expect(atRest({ images, disk: { usedBytes: 70e6 } }).verdict).toBe("fail");
  });

  it("when a run that had too few says so, beside one that had enough", () => {
    const history = pressed()
      .step(prune("prune"), right)
      .step({ id: "fill-up", do: "fill", share: 0.95 }, { share: 0.95 })
      .step(prune("prune-too-little"), {
        images: without(leftOver, ...old),
        share: 0.85,
        ended: { status: "fail", message: "ended with code 1: protected images alone" },
      });
    expect(pc12(history)).toMatchObject({
      verdict: "pass",
      found: expect.stringContaining("1 more run said that old orphans do not suffice"),
    });
  });

  it("by what scenarios before it brought, though they are about other claims", () => {
    const history = new HandWritten({ share: 0.5 }).scenario("before", ["PC1.4"]);
    history.step(pull("pull-1"), { images: old.slice(0, 1) }).step(pull("pull-2"), { images: old });
    history.step(age(10)).scenario("pressure", ["PC1.2"]);
    history.step({ id: "fill", do: "fill", share: 0.85 }, { share: 0.85 });
    expect(pc12(history.step(prune("prune"), { images: old.slice(1), share: 0.69 })).verdict).toBe("pass");
  });

  it("when two prune runs at once do no more than one", () => {
    const during: Body<"activity"> = { name: "second-prune", before: true, after: false, detail: "code 75" };
    const two = prune("two", { during: "second-prune" });
    expect(pc12(pressed().step(two, { ...right, activity: during })).verdict).toBe("pass");
  });

  it("when the disk is full of inodes, and then has enough", () => {
    const full = pressed(0.69).step(pull("inodes"), { disk: { usedInodes: 810 } });
    const freed = full.step(prune("prune"), { ...right, disk: { usedInodes: 690, usedBytes: 66e6 } });
    expect(pc12(freed).verdict).toBe("pass");
    const still = pressed(0.69).step(pull("inodes"), { disk: { usedInodes: 810 } });
    still.step(prune("prune"), { ...right, disk: { usedInodes: 700, usedBytes: 66e6 } });
    expect(pc12(still)).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("left 2 old orphans"),
    });
  });
});

describe("PC1.2 fails", () => {
  it.each<[string, (StoredImage | undefined)[], string]>([
    ["in use", [busy], "pullproof/store@sha256:busy (used by the exited container /app)"],
    ["a base image", [base], "pullproof/base:1.0.0 (a base image)"],
    ["fresh", [fresh], "pullproof/store@sha256:fresh (used 0 days ago)"],
    ["fresh, beside old ones", [leftOver, old[0], fresh], "pullproof/store@sha256:fresh (used 0 days ago)"],
  ])("when an image goes that is %s, and names it with the reason", (_, gone, words) => {
    expect(atRest({ images: without(...gone), share: 0.69 })).toMatchObject({
      verdict: "fail",
      found: `prune on small removed ${words}`,
      remedy: expect.stringContaining("reference policy"),
    });
  });

  it("when an image goes that a service names, in its spec or in the one before, or that the recipe pins", () => {
    const pinned = image("pinned", { digests: ["pullproof/worker@sha256:worker"] });
    const services = [{ name: "app", image: "a:1@sha256:spec", previousImage: "a:1@sha256:before" }];
    const [spec, before] = [image("spec"), image("before")];
    const history = () =>
      new HandWritten({ share: 0.5 })
        .published({})
        .step(pull("pull"), { images: [pinned, spec, before, ...old], uses: { services } })
        .step(age(10))
        .step({ id: "fill", do: "fill", share: 0.85 }, { share: 0.85 });
    for (const [one, reason] of [
      [pinned, "pinned by the recipe (pullproof/worker:1.0.0)"],
      [spec, "named by the service app"],
      [before, "named by the previous spec of the service app"],
    ] as const) {
      const images = [pinned, spec, before, ...old].filter((kept) => kept !== one);
      expect(pc12(history().step(prune("prune"), { images, share: 0.69 }))).toMatchObject({
        verdict: "fail",
        found: expect.stringContaining(`(${reason})`),
      });
    }
  });

  it("when only a name goes, of an image that has to stay", () => {
    for (const names of [{ tags: [] }, { digests: [] }]) {
      const images = everything.map((one) => (one === base ? { ...base, ...names } : one));
      expect(
        atRest({
          ...right,
          images: images.filter((one) => right.images?.includes(one) || !everything.includes(one)),
        }),
      ).toMatchObject({
        verdict: "fail",
        found: expect.stringContaining("removed the name pullproof/base"),
      });
    }
  });

  it.each<[string, (StoredImage | undefined)[], string]>([
    ["the newest orphan first", [leftOver, old[3]], "old-4 before what was used longer ago"],
    ["an orphan before the left-over of a build", [old[0], old[1]], "used longer ago: sha256:id-left-over"],
    ["all but one in order", [leftOver, old[0], old[2]], "old-3 before what was used longer ago"],
  ])("on %s", (_, gone, words) => {
    expect(atRest({ images: without(...gone), share: 0.69 })).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining(words),
    });
  });

  it("when it stops above the mark with orphans left, whatever it says", () => {
    for (const ended of [{}, { status: "fail", message: "ended with code 1: not enough" }] as const) {
      expect(atRest({ images: without(leftOver, old[0]), share: 0.75, ended })).toMatchObject({
        verdict: "fail",
        found: expect.stringMatching(/75 % of the disk is in use .* left 3 old orphans .*old-2.*old-4/),
      });
      expect(atRest({ ended }).verdict).toBe("fail");
    }
  });

  it("when protected images alone fill the disk, and it does not say so", () => {
    expect(atRest({ images: without(leftOver, ...old), share: 0.75 })).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("does not say that it could not free more"),
    });
  });

  it("when it goes on below the mark", () => {
    expect(atRest({ images: without(leftOver, ...old), share: 0.6 })).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("freed too much: 60 % of the disk is in use"),
    });
  });

  it("on what two prune runs at once remove together", () => {
    const two = prune("two", { during: "second-prune" });
    const activity: Body<"activity"> = { name: "second-prune", before: true, after: true, detail: "" };
    const seen = { images: without(leftOver, ...old, fresh), share: 0.6, activity };
    expect(pc12(pressed().step(two, seen)).verdict).toBe("fail");
  });

  it("on one run of many", () => {
    const bad = pressed()
      .step(prune("prune"), right)
      .step({ id: "fill-up", do: "fill", share: 0.85 }, { share: 0.85 })
      .step(prune("prune-again"), { images: without(leftOver, old[0], old[1], fresh), share: 0.69 });
    expect(pc12(bad)).toMatchObject({
      verdict: "fail",
      found: expect.stringMatching(/^prune-again on small/),
    });
  });
});

describe("PC1.2 is inconclusive", () => {
  it.each<[string, Seen]>([
    ["the store after it", { ...right, images: null }],
    ["the disk after it", { ...right, share: null }],
  ])("without %s", (_, seen) => {
    expect(atRest(seen)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("were not all seen around prune on small"),
    });
  });

  it.each<[string, Seen]>([
    ["the store", { images: null }],
    ["what uses it", { uses: null }],
  ])("without %s before it", (_, unseen) => {
    const history = pressed().step(pull("blind"), unseen).step(prune("prune"), right);
    expect(pc12(history).verdict).toBe("inconclusive");
  });

  it("without the disk before the only run", () => {
    const history = pressed().step(pull("blind"), { share: null }).step(prune("prune"), right);
    expect(pc12(history)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("how full the disk was before prune on small is unknown"),
    });
  });

  it("without pressure: one byte below the mark counts for nothing, and the mark itself does", () => {
    const below = pressed(0.5).step(pull("almost"), { disk: { usedBytes: 80e6 - 1 } });
    expect(pc12(below.step(prune("prune"), right)).verdict).toBe("inconclusive");
    const at = pressed(0.5).step(pull("just"), { disk: { usedBytes: 80e6 } });
    expect(pc12(at.step(prune("prune"), right)).verdict).toBe("pass");
  });

  it("without a run at rest, and without any run", () => {
    const activity: Body<"activity"> = { name: "lock", before: true, after: true, detail: "" };
    const locked = pressed().step(prune("prune", { during: "lock" }), { activity });
    for (const history of [pressed(), locked])
      expect(pc12(history)).toMatchObject({
        verdict: "inconclusive",
        found: expect.stringMatching(/^no prune run (was made )?under disk pressure/),
      });
  });

  it("when there was no old orphan that could go, though every run said so", () => {
    const history = new HandWritten({ share: 0.5, uses })
      .step(pull("pull"), { images: [base, busy, fresh] })
      .step({ id: "fill", do: "fill", share: 0.85 }, { share: 0.85 })
      .step(prune("prune"), { ended: { status: "fail", message: "ended with code 1" } });
    expect(pc12(history)).toMatchObject({
      verdict: "inconclusive",
      found: "no prune run under disk pressure on small had enough old orphans to remove",
    });
  });

  it("when the disk got emptier though nothing was removed", () => {
    expect(atRest({ share: 0.6 })).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("although it removed nothing"),
    });
  });

  it("when the run has no outcome", () => {
    expect(atRest({ ...right, ended: null }).verdict).toBe("inconclusive");
  });
});

const pc13 = (history: HandWritten) => verdictOf(history.entries, "PC1.3");
const activities = ["lock", "pull", "convergence"] as const;

/** What is seen of a prune run during an activity, and of that activity. */
type Attempt = Seen & { goes?: Partial<Body<"activity">> | null };

/** Prune runs during each of the activities that leave everything, but for the changes to some. */
function during(
  changes: Partial<Record<(typeof activities)[number], Attempt>> = {},
  history: HandWritten = pressed(),
): HandWritten {
  for (const name of activities) {
    const { goes = {}, ...seen } = changes[name] ?? {};
    const activity = { name, before: true, after: true, detail: "it ended well", ...goes };
    history.step(prune(`during-${name}`, { during: name }), {
      ended: { status: "fail", message: "ended with code 75: a run is in progress" },
      ...seen,
      ...(goes === null ? {} : { activity }),
    });
  }
  return history;
}

describe("PC1.3", () => {
  it("passes when no prune run removes anything while something goes on", () => {
    expect(pc13(during())).toMatchObject({
      verdict: "pass",
      found: expect.stringMatching(/^3 prune runs during .*lock, a pull in flight, a service that converges/),
    });
  });

  it.each(activities)("fails when one removes an image during a %s, even an old orphan", (name) => {
    expect(pc13(during({ [name]: { images: without(old[0]) } }))).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining(`during-${name} on small removed pullproof/store@sha256:old-1 during`),
      remedy: expect.stringContaining("pullproof run"),
    });
  });

  it("fails when one removes but a name", () => {
    const images = everything.map((one) => (one === base ? { ...base, tags: [] } : one));
    expect(pc13(during({ pull: { images } }))).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("removed pullproof/base:1.0.0 during"),
    });
  });

  it("fails when what went on is over after a removal, which may have broken it", () => {
    const broken = { images: without(old[0]), goes: { after: false, detail: "the pull failed" } };
    expect(pc13(during({ pull: broken })).verdict).toBe("fail");
  });

  it("fails though there was no pressure, and though nothing was old", () => {
    expect(pc13(during({ lock: { images: without(old[0]) } }, pressed(0.5))).verdict).toBe("fail");
    const young = new HandWritten({ share: 0.85 }).step(pull("pull"), { images: [fresh, busy] });
    expect(pc13(during({ lock: { images: [busy] } }, young)).verdict).toBe("fail");
  });

  it("does not take what comes by the pull for a change", () => {
    const images = [...everything, image("pulled")];
    expect(pc13(during({ pull: { images } })).verdict).toBe("pass");
  });

  it.each([{ before: false }, { after: false }])(
    "is inconclusive when what went on was not seen all the while: %j",
    (goes) => {
      expect(pc13(during({ lock: { goes } }))).toMatchObject({
        verdict: "inconclusive",
        found: expect.stringMatching(/not seen right before and right after during-lock on small \(it ended/),
      });
    },
  );

  it("is inconclusive when a removal may have come before what went on", () => {
    expect(pc13(during({ lock: { images: without(old[0]), goes: { before: false } } })).verdict).toBe(
      "inconclusive",
    );
  });

  it("is inconclusive without a word on what went on", () => {
    expect(pc13(during({ pull: { goes: null } }))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("during-pull"),
    });
  });

  it.each(activities)("is inconclusive when nothing was tried during a %s", (left) => {
    const history = pressed();
    for (const name of activities.filter((one) => one !== left))
      history.step(prune(`during-${name}`, { during: name }), {
        activity: { name, before: true, after: true, detail: "" },
      });
    expect(pc13(history)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("no prune run was made during"),
    });
  });

  it("is inconclusive when nothing was tried at all, but at rest or with a second prune run", () => {
    const two = prune("two", { during: "second-prune" });
    for (const history of [pressed(), pressed().step(prune("prune"), right).step(two)])
      expect(pc13(history)).toMatchObject({
        verdict: "inconclusive",
        found: "no prune run was made while something went on",
      });
  });

  it("is inconclusive without pressure, and without old orphans: there was nothing to remove", () => {
    expect(pc13(during({}, pressed(0.79)))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("without disk pressure or old orphans that shows nothing"),
    });
    const young = new HandWritten({ share: 0.85 }).step(pull("pull"), { images: [fresh, busy] });
    expect(pc13(during({}, young)).verdict).toBe("inconclusive");
  });

  it.each<[string, Seen]>([
    ["the store", { images: null }],
    ["what uses it", { uses: null }],
    ["the disk", { share: null }],
  ])("is inconclusive without %s before a run", (_, unseen) => {
    expect(pc13(during({}, pressed().step(pull("blind"), unseen))).verdict).toBe("inconclusive");
  });

  it("is inconclusive without the store after a run, and without its outcome", () => {
    expect(pc13(during({ convergence: { images: null } })).verdict).toBe("inconclusive");
    expect(pc13(during({ pull: { ended: null } })).verdict).toBe("inconclusive");
  });
});

describe("no pass comes of", () => {
  it("a run before which the disk was not seen, whatever it removed (PC1.2)", () => {
    const history = pressed()
      .step(prune("prune"), right)
      .step({ id: "fill-up", do: "fill", share: 0.85 }, { share: null })
      .step(prune("prune-again"), {
        images: without(leftOver, old[0], old[1], base, fresh, busy),
        share: 0.69,
      });
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it.each<[string, Partial<Body<"outcome">>]>([
    ["of which nothing is known", { status: "info", message: "the engine went away" }],
    ["that is not there", { status: "fail", message: "ended with code 127: sh: pullproof: not found" }],
  ])("a command %s, which does not say that orphans do not suffice (PC1.2)", (_, ended) => {
    const history = pressed()
      .step(prune("prune"), right)
      .step({ id: "fill-up", do: "fill", share: 0.95 }, { share: 0.95 })
      .step(prune("prune-too-little"), { images: without(leftOver, ...old), share: 0.85, ended });
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it("an image that has to stay, is removed and pulled again before anybody looks (PC1.2)", () => {
    const events = [
      { action: "delete", imageId: base.id },
      { action: "pull", imageId: base.id, name: "pullproof/base:1.0.0" },
    ];
    expect(atRest({ ...right, events }).verdict).not.toBe("pass");
  });

  it("one orphan more than it takes, though its size counts the layers that it shares (PC1.2)", () => {
    // Each lies on the base image: 15 MB by its size, of which 5 MB are its own.
    const onBase = [1, 2, 3].map((n) => image(`on-base-${n}`, { on: base.layers, bytes: 15e6 }));
    const below = { ...base, bytes: 10e6 };
    const history = new HandWritten({ images: [below], share: 0.5 });
    for (const n of [1, 2, 3]) history.step(pull(`pull-${n}`), { images: [below, ...onBase.slice(0, n)] });
    history.step(age(10)).step({ id: "fill", do: "fill", share: 0.8 }, { share: 0.8 });
    // 79 %, 74 %, 69 %: that was enough. The third is one too many, whatever blocks its files took.
    history.step(prune("prune"), { images: [below], disk: { usedBytes: 64e6 } });
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it("a host on which nothing that could go was ever there, beside one on which it was (PC1.2)", () => {
    const history = pressed().step(prune("prune"), right);
    history
      .host("second", { images: [base, busy, fresh], share: 0.85, uses })
      .step(prune("prune-2"), { ended: { status: "fail", message: "ended with code 1" } });
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it("two prune runs that were not at once, as nobody saw the other (PC1.2)", () => {
    const two = prune("two", { during: "second-prune" });
    expect(pc12(pressed().step(two, right)).verdict).not.toBe("pass");
  });

  it("images that are removed during a run, and pulled again before anybody looks (PC1.3)", () => {
    const events = [
      { action: "delete", imageId: fresh.id },
      { action: "pull", imageId: fresh.id, name: "pullproof/store@sha256:fresh" },
    ];
    expect(pc13(during({ lock: { events } })).verdict).not.toBe("pass");
  });

  it.each<[string, Partial<Body<"outcome">>]>([
    ["of which nothing is known", { status: "info", message: "the engine went away" }],
    ["that is not there", { status: "fail", message: "ended with code 127: sh: pullproof: not found" }],
  ])("a command %s, which removes nothing either (PC1.3)", (_, ended) => {
    expect(pc13(during({ lock: { ended }, pull: { ended }, convergence: { ended } })).verdict).not.toBe(
      "pass",
    );
  });

  it("an order that nobody knows, as what uses images was not seen when they came (PC1.2)", () => {
    const history = new HandWritten({ share: 0.5 });
    old.forEach((_, index) => {
      history.step(pull(`pull-${index + 1}`), { images: old.slice(0, index + 1), uses: null });
    });
    history.step(age(10)).step({ id: "fill", do: "fill", share: 0.85 }, { share: 0.85 });
    // The newest goes, and the others stay.
    history.step(prune("prune"), { images: old.slice(0, -1), share: 0.69 });
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it("a host whose disk was never under pressure, beside one whose disk was (PC1.2)", () => {
    const history = pressed().step(prune("prune"), right);
    history.host("second", { images: [base, busy, ...old], share: 0.5, uses }).step(prune("prune-2"));
    expect(pc12(history).verdict).not.toBe("pass");
  });

  it("a run that frees all it can, where inodes were in use as well, though not short (PC1.2)", () => {
    const full = pressed().step(pull("inodes"), { disk: { usedInodes: 710 } });
    full.step(prune("prune"), {
      images: without(leftOver, ...old),
      disk: { usedInodes: 600, usedBytes: 50e6 },
    });
    expect(pc12(full).verdict).not.toBe("pass");
  });
});

it("PC1.2 does not judge by bytes whether too much was freed where inodes were short", () => {
  const full = pressed(0.5).step(pull("inodes"), { disk: { usedInodes: 810 } });
  full.step(prune("prune"), { ...right, disk: { usedInodes: 690, usedBytes: 40e6 } });
  expect(pc12(full).verdict).toBe("pass");
});
