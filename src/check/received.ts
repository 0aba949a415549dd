import type { EntryOf } from "../model/evidence.ts";
import { type StepHistory, sequence } from "./history.ts";
import { formatBytes } from "./units.ts";

/** What a host received during a step. */
export interface Received {
  /** Null when unknown, or counted anew. */
  bytes: number | null;
  says: string;
  evidence: number[];
}

/**
 * What a host received, by the best witness that there is: systemd's count of the engine's own units, where it counts,
 * which what the apps receive cannot disturb; else the host's interface.
 */
export function received(step: StepHistory): Received {
  const { before, after } = step;
  const byInterface = between(step, before.interface, after.interface);
  const byUnits = between(step, before.accounting, after.accounting);
  const interfaceSays = `the interface received ${said(byInterface.bytes)}`;
  if (byUnits.bytes === null) return { ...byInterface, says: interfaceSays };
  return { ...byUnits, says: `the engine's units received ${said(byUnits.bytes)}, ${interfaceSays}` };
}

const said = (bytes: number | null) => (bytes === null ? "an unknown amount" : formatBytes(bytes));

/**
 * Bytes between two readings of one counter. After a reboot the counter begins at zero: what came in between the look
 * before and the machine's going down is not in it. That is next to nothing where the reboot is the step, and may be
 * anything where it came in the middle of another.
 */
function between(
  step: StepHistory,
  before: EntryOf<"interface" | "accounting"> | undefined,
  after: EntryOf<"interface" | "accounting"> | undefined,
): { bytes: number | null; evidence: number[] } {
  if (after !== undefined && rebooted(step)) {
    const bytes = step.plan.do === "restart" ? after.data.rxBytes : null;
    return { bytes, evidence: sequence(after) };
  }
  const evidence = sequence(before, after);
  if (before === undefined || after === undefined || after.data.rxBytes < before.data.rxBytes)
    return { bytes: null, evidence };
  return { bytes: after.data.rxBytes - before.data.rxBytes, evidence };
}

/** Whether the boot id changed in a step; false where it was not seen on both sides. */
export function rebooted({ before, after }: StepHistory): boolean {
  const [was, is] = [before.clock?.data.bootId, after.clock?.data.bootId];
  return was !== undefined && is !== undefined && was !== is;
}
