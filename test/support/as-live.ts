import type { Entry } from "../../src/model/evidence.ts";

/** The stack of a run that `asLive` gives to a live host. */
export const liveStack = "notebook_example_com";

/** A run as it would have been on a host without a hub of its own: the same, without the ledger. */
export function asLive(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry): Entry[] => {
    if (entry.kind === "request") return [];
    if (entry.kind !== "environment") return [entry];
    const where = { address: "ssh://server", stack: liveStack };
    return [{ ...entry, data: { ...entry.data, ...where, hub: null } }];
  });
}
