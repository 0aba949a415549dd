import { nameOf } from "../check/store.ts";
import { formatBytes } from "../check/units.ts";
import type { StoredImage } from "../model/evidence.ts";
import { formatAge } from "./age.ts";
import { busyReason } from "./busy.ts";
import { freedByEach } from "./freed.ts";
import { ImageIndex, isDangling } from "./images.ts";
import { keepRule } from "./keep.ts";
import { type Layer, LayerTree } from "./layers.ts";
import { formatMark, type Pressure, pressureOf, requireOrder } from "./marks.ts";
import type { Decision, HostState, PrunePlan, Rules, UseRecord } from "./model.ts";
import { protections } from "./protection.ts";
import { lastUseOf } from "./record.ts";

/** What a plan rests on. */
export interface PlanInput {
  state: HostState;
  /** Brought up to date with `state`: see `fold`. */
  record: UseRecord;
  rules: Rules;
  /** Milliseconds since the epoch. */
  now: number;
  /** Bytes of layers on disk, by diff ID. One that is missing counts 0, so that no estimate promises too much. */
  layerBytes: ReadonlyMap<string, number>;
}

/**
 * What a prune run would do with a host. Only what `decide` does not keep can go: oldest use first, build left-overs
 * before all else, and no more than it takes to get below the low mark. Throws a Failure (bad configuration) when
 * the marks make no sense on this disk. `classified` is what `classify` makes of the same input.
 */
export function planPrune(input: PlanInput, classified: Classified = classify(input)): PrunePlan {
  const { state, rules } = input;
  const { disk } = state;
  requireOrder(rules.marks, disk);
  const { decisions, index, tree } = classified;
  const order = inOrder(decisions.filter(({ does }) => does === "spare"));
  const pressure = pressureOf(disk, rules.marks);
  const busy = busyReason(state);
  const removes =
    pressure.high && busy === null
      ? enough(order, input, tree)
      : { frees: new Map<string, number>(), freedBytes: 0 };
  const after = pressureOf(without(disk, removes.freedBytes), rules.marks);
  return {
    decisions: decisions.map((decision) => planned(decision, removes.frees, pressure, busy)),
    order: order.map(({ image }) => image.id),
    disk,
    ...removes,
    pressure: pressure.high,
    sufficient: !pressure.high || !after.aboveLow,
    busy,
    warnings: warnings(input, index, pressure, busy),
  };
}

/**
 * Keeps or spares each image, in the order of their IDs. Kept is what is protected, what was used less than the
 * minimum age ago, and what any of these is built on.
 */
export function decide(input: Omit<PlanInput, "layerBytes">): Decision[] {
  return classify(input).decisions;
}

/** The decisions, with what it took to come to them. */
export interface Classified {
  decisions: Decision[];
  index: ImageIndex;
  tree: LayerTree;
}

/** As `decide`, for whoever plans on from there. */
export function classify({ state, record, rules, now }: Omit<PlanInput, "layerBytes">): Classified {
  const images = state.images.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const index = new ImageIndex(images);
  const reasons = protections(index, { state, rules, record });
  const tree = new LayerTree(images);
  /** Name of a kept image that a layer is part of. */
  const keptBy = new Map<Layer, string>();
  const first = images.map((image): Decision => {
    const lastUse = lastUseOf(image, record, now);
    const reason = reasons.get(image.id) ?? tooRecent(image, record, rules, now);
    if (reason === null) return { image, does: "spare", reason: unused(image, now - lastUse), lastUse };
    for (const layer of tree.of(image)) if (!keptBy.has(layer)) keptBy.set(layer, nameOf(image));
    return { image, does: "keep", reason, lastUse };
  });
  const decisions = first.map((decision): Decision => {
    const top = tree.of(decision.image).at(-1);
    const kept = top === undefined ? undefined : keptBy.get(top);
    if (decision.does === "keep" || kept === undefined) return decision;
    return { ...decision, does: "keep", reason: `base of ${kept}, which is kept` };
  });
  return { decisions, index, tree };
}

function tooRecent(image: StoredImage, record: UseRecord, rules: Rules, now: number): string | null {
  const age = now - lastUseOf(image, record, now);
  if (age >= rules.minAgeMs) return null;
  const minimum = `the minimum age is ${formatAge(rules.minAgeMs)}`;
  const use = record.images[image.id];
  if (use === undefined) return `not seen before, so it counts as used now; ${minimum}`;
  if (now - use.lastUse > age) return `uses were watched for the last ${formatAge(age)} only; ${minimum}`;
  return `used ${formatAge(age)} ago; ${minimum}`;
}

function unused(image: StoredImage, age: number): string {
  return `${isDangling(image) ? "dangling build left-over" : "orphaned"}, unused for ${formatAge(age)}`;
}

/** Build left-overs first, then the oldest use. Equals stay in the order of their IDs, in which decisions come. */
function inOrder(decisions: readonly Decision[]): Decision[] {
  const rank = ({ image }: Decision) => (isDangling(image) ? 0 : 1);
  return decisions.toSorted((a, b) => rank(a) - rank(b) || a.lastUse - b.lastUse);
}

/** What the first images of the order free, by ID: those that bring the disk below the low mark; all, where they do not. */
function enough(
  order: readonly Decision[],
  { state: { images, disk }, rules: { marks }, layerBytes }: PlanInput,
  tree: LayerTree,
): { frees: Map<string, number>; freedBytes: number } {
  const ids = order.map(({ image }) => image.id);
  const frees = new Map<string, number>();
  let freedBytes = 0;
  for (const [id, bytes] of freedByEach(ids, images, layerBytes, tree)) {
    if (!pressureOf(without(disk, freedBytes), marks).aboveLow) break;
    frees.set(id, bytes);
    freedBytes += bytes;
  }
  return { frees, freedBytes };
}

function without(disk: HostState["disk"], bytes: number): HostState["disk"] {
  return { ...disk, usedBytes: disk.usedBytes - bytes };
}

/** The decision with what pressure and the host's business make of it. */
function planned(
  decision: Decision,
  removes: ReadonlyMap<string, number>,
  pressure: Pressure,
  busy: string | null,
): Decision {
  if (decision.does === "keep") return decision;
  if (removes.has(decision.image.id)) return { ...decision, does: "remove" };
  const idle = busy === null ? "enough is freed without it" : `not now: ${busy}`;
  return { ...decision, reason: `${decision.reason}; ${pressure.high ? idle : "nothing has to be freed"}` };
}

function warnings(
  { state: { disk }, rules }: PlanInput,
  index: ImageIndex,
  pressure: Pressure,
  busy: string | null,
): string[] {
  const idle = rules.keep.filter((rule) => index.that(keepRule(rule)).length === 0);
  const open = rules.pinned.filter(({ image }) => image === "*");
  const { high } = rules.marks;
  const found = idle.map((rule) => `the keep rule ${rule} matches no image`);
  found.push(...open.map(({ by }) => `${by} leaves open which image it names, so it pins every image`));
  if ("bytes" in high && high.bytes > disk.totalBytes)
    found.push(
      `the high mark of ${formatMark(high)} is more than the disk's ${formatBytes(disk.totalBytes)}: only inodes can reach theirs`,
    );
  if (pressure.high && pressure.freeInodes > 0 && busy === null)
    found.push(
      "inodes are above the low mark, and what an image frees of them is only known once it is gone: the plan names all that may go, and --apply stops at the low mark",
    );
  return found;
}
