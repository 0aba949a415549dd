import type { EntryOf } from "../model/evidence.ts";
import type { History, StepHistory } from "./history.ts";
import { ledgerGaps, merge, sequence } from "./history.ts";
import { received } from "./received.ts";
import { arrivals } from "./store.ts";
import { count, formatBytes } from "./units.ts";

/** What two witnesses say about the layers that a step downloaded. */
export interface LayerTraffic {
  /** How many different layers came: by the hub's ledger, or, without a hub, those that are new in the store. */
  layers: number;
  /** Compressed bytes of those. */
  bytes: number;
  /** Bytes that the host received during the step; null where that is not known. */
  receivedBytes: number | null;
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

/**
 * Compressed size of the smallest layer of any image that a host may pull, in bytes; null when an image that it
 * deploys, or all, are not known.
 */
export function smallestLayer(history: History, host: string | null): number | null {
  const published = history.published.filter((entry) => entry.host === host);
  const sizes = published.flatMap(({ data }) => data.layers.map((layer) => layer.bytes));
  return sizes.length === 0 ? null : Math.min(...sizes);
}

/** Whether a host pulls from a hub of the lab, which keeps a ledger. Hosts without an environment had one. */
export function hasLedger(history: History, host: string | null): boolean {
  return history.environments.find((environment) => environment.host === host)?.data.hub !== null;
}

/**
 * Judges a step's layer bytes by two witnesses: what the host received, and the hub's ledger, or on a live host the
 * image store itself.
 */
export function layerTraffic(history: History, step: StepHistory): LayerTraffic {
  return hasLedger(history, step.host) ? byLedger(history, step) : byStore(history, step);
}

/**
 * They agree on "none" when the hub sent no layer and the host received less than the smallest layer; on "some" when
 * the host received at least what the hub says it sent.
 */
function byLedger(history: History, step: StepHistory): LayerTraffic {
  const requests = layerRequests(step);
  const layers = new Set(requests.map(({ data }) => data.digest ?? data.reference)).size;
  const bytes = requests.reduce((sum, { data }) => sum + data.bytes, 0);
  const host = received(step);
  const asked = sequence(step.invoke, ...(requests.length > 0 ? requests : step.requests));
  const hubSays = layers === 0 ? "the hub sent no layer" : `the hub sent ${sizeOf({ layers, bytes })}`;
  return {
    layers,
    bytes,
    receivedBytes: host.bytes,
    agreed: agreement(),
    says: `${hubSays}, ${host.says}`,
    evidence: merge(asked, host.evidence),
  };

  function agreement(): LayerTraffic["agreed"] {
    const smallest = smallestLayer(history, step.host);
    if (host.bytes === null || smallest === null) return "unknown";
    if (layers > 0) return host.bytes >= bytes ? "some" : "conflict";
    if (host.bytes >= smallest) return "conflict";
    // A ledger without a single request of this step shows no sign of having watched it.
    return step.requests.length === 0 || ledgerGaps(step).length > 0 ? "unknown" : "none";
  }
}

/**
 * They agree on "none" when the store gained no layer and the host received less than the smallest layer that it may
 * pull; on "some" when the recipe's images brought new layers and the host received at least those. Anything else that
 * the host received came from somebody else, or was thrown away again: nobody can tell.
 */
function byStore(history: History, step: StepHistory): LayerTraffic {
  const host = received(step);
  const smallest = smallestLayer(history, step.host);
  const gained = arrivals(history, step);
  const evidence = merge(sequence(step.invoke, step.before.images, step.after.images), host.evidence);
  const known = { receivedBytes: host.bytes, evidence };
  if (gained === null || host.bytes === null || smallest === null)
    return {
      ...known,
      layers: gained?.layers ?? 0,
      bytes: gained?.bytes ?? 0,
      agreed: "unknown",
      says: `${gained === null ? "what the image store gained is unknown" : storeSays(gained)}, ${host.says}${smallest === null ? ", the sizes of the layers are unknown" : ""}`,
    };
  const says = `${storeSays(gained)}, ${host.says}`;
  if (gained.layers > 0)
    return { ...known, ...gained, agreed: host.bytes >= gained.bytes ? "some" : "conflict", says };
  const none = host.bytes < smallest && gained.others === 0;
  return {
    ...known,
    ...gained,
    agreed: none ? "none" : "conflict",
    says: none ? says : `${says} (the smallest layer has ${formatBytes(smallest)})`,
  };
}

function storeSays({ layers, bytes, others }: NonNullable<ReturnType<typeof arrivals>>): string {
  const own =
    layers === 0
      ? "the store gained no layer"
      : `the store gained ${sizeOf({ layers, bytes })} of the recipe`;
  return others === 0 ? own : `${own}, and ${count(others, "layer")} of other images`;
}

/** `5 layers (23.0 MB)` */
export function sizeOf({ layers, bytes }: Pick<LayerTraffic, "layers" | "bytes">): string {
  return `${count(layers, "layer")} (${formatBytes(bytes)})`;
}
