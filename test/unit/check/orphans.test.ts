import { describe, expect, it } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import { type Standing, standings } from "../../../src/check/orphans.ts";
import { age, HandWritten, image, prune, pull } from "../../support/hand-written.ts";
import { deploy } from "../../support/scenarios.ts";

function beforeLastStep(history: HandWritten): Standing[] | null {
  const read = readHistory(history.entries);
  const step = read.steps.at(-1);
  if (step === undefined) throw new Error("there is no step");
  return standings(read, step);
}

/** What is known of each image before the last step, by the end of its ID. */
function known(history: HandWritten): Record<string, Standing> {
  const found = beforeLastStep(history);
  if (found === null) throw new Error("nothing is known");
  return Object.fromEntries(found.map((one) => [one.image.id.replace("sha256:id-", ""), one]));
}

/** Whether an image may go in the last step, by what is known. */
const mayGo = (history: HandWritten, { id }: typeof one) =>
  beforeLastStep(history)?.some(({ image, keptBy }) => image.id === id && keptBy === null) ?? false;

const reasons = (history: HandWritten) =>
  Object.fromEntries(Object.entries(known(history)).map(([name, { keptBy }]) => [name, keptBy]));

const base = image("base", { tags: ["pullproof/base:1.0.0"], digests: ["pullproof/base@sha256:base"] });
const one = image("one");
const other = image("other");

/** Images that came long ago and that nothing has used since. */
const longAgo = (...images: (typeof one)[]) => new HandWritten().step(pull("pull"), { images }).step(age(10));

describe("an image", () => {
  it("that nothing uses, names, keeps or pins, and that is old, is an old orphan", () => {
    expect(reasons(longAgo(one).step(prune("prune")))).toEqual({ one: null });
  });

  it.each([
    ["running", "used by the running container /app"],
    ["exited", "used by the exited container /app"],
    ["created", "used by the created container /app"],
  ])("stays for a %s container", (state, reason) => {
    const history = longAgo(one, other);
    history.step(pull("start"), { uses: { containers: [{ name: "/app", state, imageId: one.id }] } });
    expect(reasons(history.step(prune("prune")))).toEqual({ one: reason, other: null });
  });

  it.each([
    ["by digest", image("one"), "pullproof/store:1@sha256:one"],
    ["by tag", image("one", { tags: ["pullproof/store:1"] }), "docker.io/pullproof/store:1"],
    [
      "by a digest that is its ID",
      { ...image("one", { digests: [] }), id: "sha256:id-one" },
      "a:1@sha256:id-one",
    ],
  ])("stays for a service that names it %s, in its spec or in the one before", (_, named, reference) => {
    const service = { name: "app", image: reference, previousImage: null };
    const before = { name: "app", image: "pullproof/store:2@sha256:two", previousImage: reference };
    const reasonsFor = (services: (typeof before | typeof service)[]) =>
      reasons(longAgo(named, other).step(pull("start"), { uses: { services } }).step(prune("prune")));
    expect(reasonsFor([service])).toEqual({ one: "named by the service app", other: null });
    expect(reasonsFor([before])).toEqual({
      one: "named by the previous spec of the service app",
      other: null,
    });
  });

  it("does not stay for a service that names another digest under its tag", () => {
    const tagged = image("one", { tags: ["pullproof/store:1"] });
    const services = [{ name: "app", image: "pullproof/store:1@sha256:two", previousImage: null }];
    expect(reasons(longAgo(tagged).step(pull("start"), { uses: { services } }).step(prune("prune")))).toEqual(
      {
        one: null,
      },
    );
  });

  it("stays as a base image, however the run names it", () => {
    const history = new HandWritten({}, { baseImages: ["docker.io/pullproof/base:1.0.0"] });
    history
      .step(pull("pull"), { images: [base, one] })
      .step(age(10))
      .step(prune("prune"));
    expect(reasons(history)).toEqual({ base: "a base image", one: null });
  });

  it("stays when it lies under one that stays, and only if it is all of its lower part", () => {
    const under = image("under", { layers: ["a", "b"] });
    const higher = image("higher", { layers: ["b"] });
    const crossed = image("crossed", { layers: ["b", "a"] });
    const same = image("same", { layers: ["a", "b", "c"] });
    const empty = image("empty", { layers: [] });
    const kept = image("kept", { layers: ["a", "b", "c"] });
    const history = longAgo(under, higher, crossed, same, empty).step(pull("start"), {
      images: [under, higher, crossed, same, empty, kept],
    });
    expect(reasons(history.step(prune("prune")))).toEqual({
      under: "the base of an image that stays",
      higher: null,
      crossed: null,
      same: null,
      empty: null,
      kept: "used 0 days ago",
    });
  });

  it("may go with the one that it lies under", () => {
    const under = image("under", { layers: ["a"] });
    const above = image("above", { layers: ["a", "b"] });
    expect(reasons(longAgo(under, above).step(prune("prune")))).toEqual({ under: null, above: null });
  });

  it("is the left-over of a build only without any name: one with a digest is cached", () => {
    const leftOver = image("left-over", { digests: [] });
    const { "left-over": built, one: cached } = known(longAgo(leftOver, one).step(prune("prune")));
    expect([built?.dangling, cached?.dangling]).toEqual([true, false]);
  });
});

describe("a pinned image", () => {
  const tagged = image("tagged", { tags: ["pullproof/worker:1.0.0"], digests: [] });
  const digestOnly = image("digest", { digests: ["pullproof/worker@sha256:worker"] });

  it("stays by its tag, and by the digest that the tag has at the hub", () => {
    const history = new HandWritten().published({}).step(pull("pull"), { images: [tagged, digestOnly, one] });
    expect(reasons(history.step(age(10)).step(prune("prune")))).toEqual({
      tagged: "pinned by the recipe (pullproof/worker:1.0.0)",
      digest: "pinned by the recipe (pullproof/worker:1.0.0)",
      one: null,
    });
  });

  it("is what the recipe of its own host names, where that is another than the run's", () => {
    const history = new HandWritten()
      .environment({ app: "pullproof/store:2" })
      .published({})
      .published({ repository: "pullproof/store", tag: "2", digest: "sha256:elsewhere" });
    const its = image("its", { tags: ["pullproof/store:2"] });
    history
      .step(pull("pull"), { images: [its, digestOnly] })
      .step(age(10))
      .step(prune("prune"));
    expect(reasons(history)).toEqual({ its: "pinned by the recipe (pullproof/store:2)", digest: null });
  });

  it("is what the tag means by then, at the hub of its own host, and no more what it meant before", () => {
    const history = new HandWritten()
      .published({})
      .step(pull("pull"), {
        images: [digestOnly, image("new", { digests: ["pullproof/worker@sha256:new"] })],
      })
      .published({ variant: "b", digest: "sha256:new" })
      .step(age(10))
      .step(prune("prune"));
    expect(reasons(history)).toEqual({
      digest: null,
      new: "pinned by the recipe (pullproof/worker:1.0.0)",
    });
    const elsewhere = new HandWritten()
      .published({ digest: "sha256:elsewhere" })
      .host("second")
      .step(pull("pull"), { images: [image("new", { digests: ["pullproof/worker@sha256:elsewhere"] })] })
      .step(age(10))
      .step(prune("prune"));
    expect(reasons(elsewhere)).toEqual({ new: null });
  });

  it("is what the tag means right then, whatever it comes to mean later", () => {
    const [now, later] = ["now", "later"].map((name) =>
      image(name, { digests: [`pullproof/worker@sha256:${name}`] }),
    );
    const history = new HandWritten().published({ digest: "sha256:now" });
    history
      .step(pull("pull"), { images: [now ?? one, later ?? one] })
      .step(age(10))
      .step(prune("prune"));
    history.published({ variant: "b", digest: "sha256:later" });
    expect(reasons(history)).toEqual({ now: "pinned by the recipe (pullproof/worker:1.0.0)", later: null });
  });
});

describe("the last use of an image", () => {
  it.each([
    [6, "used 6 days ago"],
    [1, "used 1 day ago"],
    [7, null],
  ])("that is %i days ago", (days, keptBy) => {
    const history = new HandWritten().step(pull("pull"), { images: [one] }).step(age(days));
    expect(reasons(history.step(prune("prune")))).toEqual({ one: keptBy });
  });

  it("is so long ago as days passed on its own host since then, in whichever scenario", () => {
    const history = new HandWritten()
      .step(pull("pull"), { images: [one] })
      .step(age(4))
      .scenario("later")
      .step(age(4))
      .host("second")
      .step(pull("pull-2"), { images: [other] })
      .step(age(2))
      .step(prune("prune"));
    expect(reasons(history)).toEqual({ other: "used 2 days ago" });
    const first = new HandWritten()
      .step(pull("pull"), { images: [one] })
      .step(age(4))
      .scenario("later")
      .step(age(4))
      .step(prune("prune"));
    expect(reasons(first)).toEqual({ one: null });
  });

  it("is not longer ago for the days that pass on another host meanwhile", () => {
    const history = new HandWritten()
      .host("second")
      .step(pull("pull"), { images: [one] })
      .host("small")
      .step(age(10))
      .host("second", { images: [one] })
      .step(prune("prune"));
    expect(reasons(history)).toEqual({ one: "used 0 days ago" });
  });

  it("is unknown, and so now, where it was there from the start", () => {
    const history = new HandWritten({ images: [one] }).step(age(10)).step(prune("prune"));
    expect(reasons(history)).toEqual({ one: "used 0 days ago" });
  });

  it("begins anew when it goes and comes back", () => {
    const history = longAgo(one, other)
      .step(pull("lose"), { images: [other] })
      .step(pull("again"), { images: [one, other] });
    expect(reasons(history.step(prune("prune")))).toEqual({ one: "used 0 days ago", other: null });
  });

  it("is that of the last container on it, to the end of the days in which it was there", () => {
    const history = new HandWritten()
      .step(pull("pull"), { images: [one, other] })
      .step(pull("start"), { uses: { containers: [{ name: "/app", state: "exited", imageId: one.id }] } })
      .step(age(10))
      .step(pull("remove"), { uses: {} })
      .step(age(2));
    expect(reasons(history.step(prune("prune")))).toEqual({ one: "used 2 days ago", other: null });
  });

  it("is that of the last deploy that ran it", () => {
    const history = longAgo(one, other).step(deploy("deploy", "cached"), {
      ended: { services: [{ name: "app", image: "a:1", imageId: one.id, running: true }] },
    });
    expect(reasons(history.step(prune("prune")))).toEqual({ one: "used 0 days ago", other: null });
  });

  it("is that of the last pull, though it was there already", () => {
    const tagged = image("tagged", { tags: ["pullproof/other:1"] });
    const variant = { repository: "pullproof/worker", tag: "2.0.0", variant: "b" };
    const cached = image("cached", { digests: ["pullproof/worker@sha256:two"] });
    const history = new HandWritten()
      .published({ ...variant, digest: "sha256:two" })
      .step(pull("pull"), { images: [tagged, cached, one] })
      .step(age(10))
      .step(pull("again"))
      .step(age(1))
      .step({ id: "and-again", do: "pull-variant", image: variant, by: "digest" })
      .step(prune("prune"));
    expect(reasons(history)).toEqual({ tagged: "used 1 day ago", cached: "used 0 days ago", one: null });
  });

  it("puts images in order, step by step", () => {
    const history = new HandWritten()
      .step(pull("first"), { images: [one] })
      .step(pull("second"), { images: [one, other] })
      .step(age(10))
      .step(pull("third"), { images: [one, other, base] });
    const { one: first, other: second, base: third } = known(history.step(prune("prune")));
    expect(first?.lastUse).toBeLessThan(second?.lastUse ?? 0);
    expect(second?.lastUse).toBeLessThan(third?.lastUse ?? 0);
  });
});

describe("nothing is known", () => {
  it("of an image's standing where nobody knows what the recipe pins", () => {
    const without = (kind: "environment" | "published") => {
      const history = readHistory(
        longAgo(one)
          .step(prune("prune"))
          .entries.filter((entry) => entry.kind !== kind),
      );
      const step = history.steps.at(-1);
      return step === undefined ? undefined : standings(history, step);
    };
    expect([without("environment"), without("published")]).toEqual([null, null]);
  });

  it.each([{ images: null }, { uses: null }])("where that was not seen: %j", (unseen) => {
    expect(beforeLastStep(longAgo(one).step(pull("blind"), unseen).step(prune("prune")))).toBeNull();
  });
});

describe("no image is old by what nobody has seen", () => {
  it("not one that came after the days, though nobody saw the store when they passed", () => {
    const history = new HandWritten()
      .step(pull("pull"), { images: [one] })
      .step(age(10), { images: null })
      .step(pull("fresh"), { images: [one, other] })
      .step(prune("prune"));
    expect(mayGo(history, other)).toBe(false);
  });

  it.each(["fail", "info"] as const)("not by days of a step that ended %s", (status) => {
    const history = new HandWritten()
      .step(pull("pull"), { images: [one] })
      .step(age(10), { ended: { status } });
    expect(mayGo(history.step(prune("prune")), one)).toBe(false);
  });

  it("not one of which nobody saw whether something used it", () => {
    const history = new HandWritten()
      .step(pull("pull"), { images: [one] })
      .step(pull("start"), { uses: { containers: [{ name: "/app", state: "exited", imageId: one.id }] } })
      .step(age(10), { uses: null })
      .step(pull("remove"), { uses: {} });
    expect(mayGo(history.step(prune("prune")), one)).toBe(false);
  });

  it("not one that is pulled during a prune run, though it was there already", () => {
    const variant = { repository: "pullproof/worker", tag: "2.0.0", variant: "b" };
    const cached = image("cached", { digests: ["pullproof/worker@sha256:two"] });
    const history = new HandWritten()
      .published({ ...variant, digest: "sha256:two" })
      .step(pull("pull"), { images: [cached] })
      .step(age(10))
      .step(prune("during", { during: "pull", pulls: variant }));
    expect(mayGo(history.step(prune("prune")), cached)).toBe(false);
  });
});
