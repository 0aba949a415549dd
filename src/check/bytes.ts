import type { EntryOf } from "../model/evidence.ts";
import type { History, StepHistory } from "./history.ts";
import { ledgerGaps, sequence } from "./history.ts";
import { count, formatBytes } from "./units.ts";

/** What two witnesses say about the layers that a step downloaded. */
export interface LayerTraffic {
  /** Requests for layer blobs that the hub answered, whole or in part. */
  requests: EntryOf<"request">[];
  /** How many different layers those were for. */
  layers: number;
  /** Bytes of those, as the hub counted them. */
  hubBytes: number;
  /** Bytes that the host's interface received during the step; null where that is not known. */
  interfaceBytes: number | null;
  /**
   * `none` and `some` when both witnesses agree, `conflict` when they do not, `unknown` when one of them saw
   * nothing at all.
   */
  agreed: "none" | "some" | "conflict" | "unknown";
  /** One sentence with what each witness said. */
  says: string;
  evidence: number[];
}

/** GETs of layer blobs that were answered with content. A blob that is not known to be a config counts as a layer. */
export function layerRequests(step: StepHistory): EntryOf<"request">[] {
  return step.requests.filter(
    ({ data }) =>
      data.endpoint === "blob" &&
      data.method === "GET" &&
      data.media !== "config" &&
      data.bytes > 0 &&
      data.status < 400,
  );
}

/** Compressed size of the smallest layer of any published image, in bytes; null when none was published. */
export function smallestLayer(history: History): number | null {
  const sizes = history.published.flatMap(({ data }) => data.layers.map((layer) => layer.bytes));
  return sizes.length === 0 ? null : Math.min(...sizes);
}

/**
 * Judges a step's layer bytes by the hub's ledger and the host's interface. They agree on "none" when the hub
 * sent no layer and the interface received less than the smallest layer; on "some" when the interface received
 * at least what the hub says it sent.
 */
export function layerTraffic(history: History, step: StepHistory): LayerTraffic {
  const requests = layerRequests(step);
  const layers = new Set(requests.map(({ data }) => data.digest ?? data.reference)).size;
  const hubBytes = requests.reduce((sum, { data }) => sum + data.bytes, 0);
  const interfaceBytes = receivedBytes(step);
  const evidence = sequence(
    step.invoke,
    ...(requests.length > 0 ? requests : step.requests),
    // A machine that began anew counts from zero.
    rebooted(step) ? undefined : step.before.interface,
    step.after.interface,
  );
  const hubSays = layers === 0 ? "the hub sent no layer" : `the hub sent ${sizeOf({ layers, hubBytes })}`;
  const interfaceSays = `the interface received ${interfaceBytes === null ? "an unknown amount" : formatBytes(interfaceBytes)}`;
  const says = `${hubSays}, ${interfaceSays}`;
  return { requests, layers, hubBytes, interfaceBytes, agreed: agreement(), says, evidence };

  function agreement(): LayerTraffic["agreed"] {
    const smallest = smallestLayer(history);
    if (interfaceBytes === null || smallest === null) return "unknown";
    if (layers > 0) return interfaceBytes >= hubBytes ? "some" : "conflict";
    if (interfaceBytes >= smallest) return "conflict";
    // A ledger without a single request of this step shows no sign of having watched it.
    return step.requests.length === 0 || ledgerGaps(step).length > 0 ? "unknown" : "none";
  }
}

/** `5 layers (23.0 MB)` */
export function sizeOf({ layers, hubBytes }: Pick<LayerTraffic, "layers" | "hubBytes">): string {
  return `${count(layers, "layer")} (${formatBytes(hubBytes)})`;
}

/**
 * Bytes that the interface received between the boundaries of a step; null when unknown or counted anew. After a
 * reboot the counter begins at zero: what came in between the look before and the machine's going down is not in it.
 * That is next to nothing where the reboot is the step, and may be anything where it came in the middle of another.
 */
export function receivedBytes(step: StepHistory): number | null {
  const before = step.before.interface?.data;
  const after = step.after.interface?.data;
  if (after !== undefined && rebooted(step)) return step.plan.do === "restart" ? after.rxBytes : null;
  if (before === undefined || after === undefined || after.rxBytes < before.rxBytes) return null;
  return after.rxBytes - before.rxBytes;
}

/** Whether the boot id changed in a step; false where it was not seen on both sides. */
export function rebooted({ before, after }: StepHistory): boolean {
  const [was, is] = [before.clock?.data.bootId, after.clock?.data.bootId];
  return was !== undefined && is !== undefined && was !== is;
}
