import type { Body, Entry, EntryOf, Kind } from "../../src/model/evidence.ts";

/** Which entries to change: all of a kind, or those of one step. */
export interface Where<K extends Kind> {
  kind: K;
  step?: string;
  /** Narrows further, by the body. */
  that?: (data: Body<K>) => boolean;
}

function matches<K extends Kind>(entry: Entry, { kind, step, that }: Where<K>): entry is EntryOf<K> {
  if (entry.kind !== kind || (step !== undefined && entry.step !== step)) return false;
  return that === undefined || that(entry.data as Body<K>);
}

/** Evidence in which some bodies are changed. Fails when nothing matches, so that no test passes by a typing error. */
export function amend<K extends Kind>(
  entries: readonly Entry[],
  where: Where<K>,
  change: (data: Body<K>) => Partial<Body<K>>,
): Entry[] {
  if (!entries.some((entry) => matches(entry, where))) throw new Error(`no ${where.kind} to amend`);
  return entries.map((entry) =>
    matches(entry, where)
      ? ({ ...entry, data: { ...entry.data, ...change(entry.data as Body<K>) } } as Entry)
      : entry,
  );
}

/** Evidence without some entries. The numbers of the others stay. Fails when nothing matches. */
export function without<K extends Kind>(entries: readonly Entry[], where: Where<K>): Entry[] {
  const left = entries.filter((entry) => !matches(entry, where));
  if (left.length === entries.length) throw new Error(`no ${where.kind} to leave out`);
  return left;
}

/** Evidence that ends before a step begins, as a crash would leave it. */
export function cutBefore(entries: readonly Entry[], step: string): Entry[] {
  const index = entries.findIndex((entry) => entry.kind === "invoke" && entry.step === step);
  if (index < 0) throw new Error(`no step ${step}`);
  return entries.slice(0, index);
}

/** The evidence as evidence.jsonl. */
export function jsonLines(entries: readonly Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}

/** Two runs as one, on a host each, the second in the middle of the first: as hosts that work side by side. */
export function sideBySide(first: readonly Entry[], second: readonly Entry[]): Entry[] {
  const [header, ...lines] = first;
  const end = lines.pop();
  const planned = second[0];
  if (header?.kind !== "run" || planned?.kind !== "run" || end === undefined)
    throw new Error("no runs to join");
  const scenarios = [...header.data.scenarios, ...planned.data.scenarios];
  const both = lines.toSpliced(Math.floor(lines.length / 2), 0, ...second.slice(1, -1));
  const joined: Entry[] = [{ ...header, data: { ...header.data, scenarios } }, ...both, end];
  return joined.map((entry, index) => ({ ...entry, seq: index + 1 }));
}

/** The same, of two runs of one host: the second is then that of another. */
export function onSecondHost(first: readonly Entry[], second: readonly Entry[]): Entry[] {
  const elsewhere = second.map((entry) => (entry.host === null ? entry : { ...entry, host: "lab-2" }));
  return sideBySide(first, elsewhere);
}
