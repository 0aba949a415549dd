import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredImage } from "../../../src/model/evidence.ts";
import type { PrunePlan } from "../../../src/policy/model.ts";
import { decide, type PlanInput, planPrune } from "../../../src/policy/plan.ts";
import { fold, lastUseOf } from "../../../src/policy/record.ts";
import { anyHost, goingOn, keeps, type Named, vocabulary } from "./host-arbitrary.ts";
import { day } from "./hosts.ts";

// What must hold of every plan. Protection, use and freed space are stated here a second time, in the plainest way,
// and not taken from the code.

const said = (text: string): Named =>
  vocabulary.find((named) => named.text === text) ?? expect.fail(`no such name: ${text}`);

const tagsOf = ({ tags }: StoredImage) => tags.map(said);
const namesOf = ({ tags, digests }: StoredImage) => [...tags, ...digests].map(said);
const dangling = (image: StoredImage) => namesOf(image).length === 0;

/** Whether an image has the digest of a reference, or carries its tag. */
function isMeantBy(image: StoredImage, { repository, tag, digest }: Named): boolean {
  const hasDigest = digest !== null && namesOf(image).some((name) => name.digest === digest);
  return (
    hasDigest ||
    (tag !== null && tagsOf(image).some((name) => name.repository === repository && name.tag === tag))
  );
}

/** The same, where a tag alone can mean a digest. */
function mayBeMeantBy(image: StoredImage, named: Named, { record }: PlanInput): boolean {
  if (isMeantBy(image, named)) return true;
  if (named.digest !== null) return false;
  const known =
    named.repository === "nginx" && named.tag === "1" ? record.resolved["library/nginx:1"] : undefined;
  if (known !== undefined && known.at >= record.since)
    return namesOf(image).some(({ digest }) => digest === known.digest);
  return (
    namesOf(image).some(({ repository }) => repository === named.repository) &&
    !tagsOf(image).some(({ repository }) => repository === named.repository)
  );
}

function unusedSince(image: StoredImage, { record, now }: PlanInput): number {
  const use = record.images[image.id];
  if (use === undefined) return now;
  return Math.max(use.lastUse, dangling(image) ? use.firstSeen : record.since);
}

/** Whether an image must stay for its own sake. */
function isProtected(image: StoredImage, input: PlanInput): boolean {
  const { state, rules, now } = input;
  return (
    state.containers.some((one) => one.imageId === image.id || isMeantBy(image, said(one.image))) ||
    state.services
      .flatMap((one) => [one.image, one.previousImage ?? []].flat())
      .some((text) => mayBeMeantBy(image, said(text), input)) ||
    rules.pinned.some((pin) => mayBeMeantBy(image, said(pin.image), input)) ||
    rules.keep.some((rule) => namesOf(image).some((name) => keeps[rule]?.(name))) ||
    unusedSince(image, input) > now - rules.minAgeMs
  );
}

/** The images that must stay: the protected ones, and all that they are built on. */
function mustStay(input: PlanInput): Set<string> {
  const { images } = input.state;
  const kept = images.filter((image) => isProtected(image, input));
  const bases = images.filter(
    ({ layers }) =>
      layers.length > 0 && kept.some((one) => layers.every((layer, i) => one.layers[i] === layer)),
  );
  return new Set([...kept, ...bases].map(({ id }) => id));
}

const ids = (images: readonly { id: string }[]) => new Set(images.map(({ id }) => id));
const removedBy = (plan: PrunePlan) =>
  plan.order.filter((id) => plan.decisions.some((one) => one.image.id === id && one.does === "remove"));

/** Bytes of the stacks of layers that no image has any more once some are gone. */
function freed({ state, layerBytes }: PlanInput, gone: ReadonlySet<string>): number {
  const stacks = (images: readonly StoredImage[]) =>
    new Set(images.flatMap(({ layers }) => layers.map((_, i) => layers.slice(0, i + 1).join())));
  const left = stacks(state.images.filter(({ id }) => !gone.has(id)));
  const lost = [...stacks(state.images)].filter((stack) => !left.has(stack));
  return lost.reduce((sum, stack) => sum + (layerBytes.get(stack.slice(-1)) ?? 0), 0);
}

/** Whether a disk is at or above a mark once so many bytes are freed. */
function isAt(
  which: "high" | "low",
  { state: { disk }, rules: { marks } }: PlanInput,
  freedBytes = 0,
): boolean {
  const mark = marks[which];
  const inodes = "share" in mark ? mark.share : which === "high" ? 0.8 : 0.7;
  const used = disk.usedBytes - freedBytes;
  return (
    ("bytes" in mark ? used >= mark.bytes : used / disk.totalBytes >= mark.share) ||
    (disk.totalInodes > 0 && disk.usedInodes / disk.totalInodes >= inodes)
  );
}

/** The same host, told in another order. */
const shuffled = (input: PlanInput) => {
  const { images, containers, services } = input.state;
  const any = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });
  return fc
    .record({ images: any(images), containers: any(containers), services: any(services) })
    .map((lists): PlanInput => ({ ...input, state: { ...input.state, ...lists } }));
};

/** Checks a property of many hosts. */
const always = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, check), { numRuns: 300 });

describe("every plan", () => {
  it("can remove exactly what need not stay", () => {
    always(anyHost, (input) => {
      const stays = mustStay(input);
      const may = input.state.images.filter(({ id }) => !stays.has(id));
      expect(new Set(planPrune(input).order)).toEqual(ids(may));
    });
  });

  it("removes only what is first in its order, and keeps what is not in it", () => {
    always(anyHost, (input) => {
      const plan = planPrune(input);
      const removed = removedBy(plan);
      expect(plan.order.slice(0, removed.length)).toEqual(removed);
      const kept = plan.decisions.filter(({ does }) => does === "keep").map(({ image }) => image);
      expect(new Set([...plan.order, ...ids(kept)])).toEqual(ids(input.state.images));
      expect(plan.order.length + kept.length).toBe(input.state.images.length);
    });
  });

  it("removes nothing below the high mark", () => {
    always(anyHost, (input) => {
      fc.pre(!isAt("high", input));
      expect(removedBy(planPrune(input))).toEqual([]);
    });
  });

  it("gets below the low mark where it can, and past it by no more than one image", () => {
    always(anyHost, (input) => {
      fc.pre(isAt("high", input));
      const plan = planPrune(input);
      const removed = removedBy(plan);
      expect(plan.freedBytes).toBe(freed(input, new Set(removed)));
      expect(plan.sufficient).toBe(!isAt("low", input, plan.freedBytes));
      if (!plan.sufficient) expect(removed).toEqual(plan.order);
      if (removed.length > 0)
        expect(isAt("low", input, freed(input, new Set(removed.slice(0, -1))))).toBe(true);
    });
  });

  it("is the same again, and in whatever order the engine lists things", () => {
    always(
      anyHost.chain((input) => fc.tuple(fc.constant(input), shuffled(input))),
      ([input, other]) => {
        expect(planPrune(input)).toEqual(planPrune(structuredClone(input)));
        expect(planPrune(other)).toEqual(planPrune(input));
      },
    );
  });

  it("protects no fewer images when there is one orphan less", () => {
    always(anyHost, (input) => {
      const [orphan, ...others] = planPrune(input).order;
      fc.pre(orphan !== undefined);
      const images = input.state.images.filter(({ id }) => id !== orphan);
      const without = planPrune({ ...input, state: { ...input.state, images } });
      expect(others).toEqual(expect.arrayContaining(without.order));
    });
  });

  it("takes the oldest use first, and build left-overs before all else", () => {
    always(anyHost, (input) => {
      const { order } = planPrune(input);
      const images = order.map(
        (id) => input.state.images.find((image) => image.id === id) ?? expect.fail(id),
      );
      for (const [index, image] of images.entries()) {
        const next = images[index + 1];
        if (next === undefined) continue;
        if (dangling(image) === dangling(next))
          expect(unusedSince(image, input)).toBeLessThanOrEqual(unusedSince(next, input));
        else expect(dangling(image)).toBe(true);
      }
    });
  });

  it("removes nothing while something is going on", () => {
    always(fc.tuple(anyHost, goingOn), ([input, state]) => {
      const plan = planPrune({ ...input, state: { ...input.state, ...state } });
      expect(removedBy(plan)).toEqual([]);
      expect(plan).toMatchObject({ freedBytes: 0, busy: expect.any(String), sufficient: !plan.pressure });
    });
  });

  it("agrees with the decisions that need no layer sizes", () => {
    always(anyHost, (input) => {
      const may = decide(input).filter(({ does }) => does === "spare");
      expect(ids(may.map(({ image }) => image))).toEqual(new Set(planPrune(input).order));
    });
  });
});

describe("folding", () => {
  const folded = fc.record({
    input: anyHost,
    events: fc.array(fc.record({ name: fc.constantFrom(...vocabulary), hoursAgo: fc.nat(100) }), {
      maxLength: 3,
    }),
    gap: fc.boolean(),
  });

  it("makes no image look unused for longer, and forgets no image that is there", () => {
    always(folded, ({ input, events, gap }) => {
      const { record, state, now } = input;
      const at = (hoursAgo: number) => now - (hoursAgo * day) / 24;
      const uses = events.map(({ name, hoursAgo }) => ({ image: name.text, at: at(hoursAgo) }));
      const then = now + day;
      const later = fold(record, { events: uses, resolved: [], state, now: then, gap });
      for (const image of state.images) {
        const own = events.filter(({ name }) => isMeantBy(image, name)).map(({ hoursAgo }) => at(hoursAgo));
        const came = gap || own.length === 0 ? then : Math.max(...own);
        const before = record.images[image.id] === undefined ? came : lastUseOf(image, record, now);
        expect(lastUseOf(image, later, then)).toBeGreaterThanOrEqual(before);
      }
      expect(new Set(Object.keys(later.images))).toEqual(ids(state.images));
    });
  });
});
