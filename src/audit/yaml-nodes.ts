import { isMap, isPair, isScalar, isSeq, type Scalar } from "yaml";

/** One entry of a mapping. */
export interface KeyedValue {
  key: string;
  value: unknown;
}

/** The entries of a mapping whose keys are plain. */
export function pairsOf(node: unknown): KeyedValue[] {
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) =>
    isPair(pair) && isScalar(pair.key) ? [{ key: String(pair.key.value), value: pair.value }] : [],
  );
}

/** The text of a scalar; null for anything else. */
export function stringOf(node: unknown): string | null {
  return isScalar(node) && node.value !== null ? String(node.value) : null;
}

/** A scalar, or those of a list. */
export function partsOf(node: unknown): Scalar[] {
  if (isScalar(node)) return [node];
  return isSeq(node) ? node.items.filter(isScalar) : [];
}

/** `NAME=value` items of a list, and `{ name, value }` ones. */
export function assignmentsOf(node: unknown): (readonly [string, string])[] {
  if (!isSeq(node)) return [];
  return node.items.flatMap((item) => {
    const [, name, content] = /^([A-Za-z_]\w*)=(.*)$/s.exec(stringOf(item) ?? "") ?? [];
    if (name !== undefined && content !== undefined) return [[name, content] as const];
    const pairs = pairsOf(item);
    const of = (key: string) => stringOf(pairs.find((pair) => pair.key === key)?.value);
    const [named, valued] = [of("name"), of("value")];
    return named === null || valued === null ? [] : [[named, valued] as const];
  });
}
