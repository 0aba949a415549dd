import type { Host } from "../host/host.ts";
import type { Body, Kind } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import { ipAccounting } from "./accounting.ts";
import type { EventStream } from "./events.ts";
import { imageStore } from "./images.ts";
import { inventory } from "./inventory.ts";
import { layersBytes } from "./layers-size.ts";
import { machineState } from "./machine.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";
import { uses } from "./uses.ts";

/** What the witnesses need to know about the host that they watch. */
export interface WatchedHost {
  host: Host;
  /** The interface through which the host reaches docker.io. */
  interfaceName: string;
  /** The engine's units whose received bytes systemd counts. */
  accountedUnits: readonly string[];
  dataRoot: string;
  events: EventStream;
  rateLimit: RateLimitOptions;
}

/** Receives one observation. */
export type Observe = <K extends Kind>(kind: K, source: string, data: Body<K>) => void;

/**
 * Looks at everything that a step can change. The witnesses look at the same time and independently; one that
 * cannot look leaves a gap in the evidence, and the others go on.
 */
export async function observeBoundary(watched: WatchedHost, observe: Observe): Promise<void> {
  const { host, events } = watched;
  const witness = async (name: string, look: () => Promise<void>): Promise<void> => {
    try {
      await look();
    } catch (thrown) {
      observe("gap", name, { witness: name, reason: messageOf(thrown) });
    }
  };
  await Promise.all([
    witness("events", async () => observe("fence", "events", await events.fence())).then(() =>
      // After the fence, whose sentinel is a volume that must not show in the inventory.
      witness("inventory", async () => observe("inventory", "inventory", await inventory(host.docker))),
    ),
    witness("uses", async () => observe("uses", "uses", await uses(host.docker))),
    witness("images", async () => observe("images", "images", await imageStore(host.docker))),
    witness("machine", async () => {
      const [state, layers] = await Promise.allSettled([
        machineState(host, watched.interfaceName, watched.dataRoot),
        layersBytes(host.docker),
      ]);
      if (state.status === "rejected") throw state.reason;
      observe("clock", "clock", state.value.clock);
      observe("interface", "interface", state.value.interface);
      if (layers.status === "rejected") throw layers.reason;
      observe("disk", "disk", { ...state.value.fileSystem, layersBytes: layers.value });
    }),
    ...(watched.accountedUnits.length === 0
      ? []
      : [
          witness("accounting", async () =>
            observe("accounting", "accounting", await ipAccounting(host, watched.accountedUnits)),
          ),
        ]),
    ...(["account", "anonymous"] as const).map((identity) =>
      witness("rate limit", async () =>
        observe("ratelimit", "rate limit", await rateLimit(watched.rateLimit, identity)),
      ),
    ),
  ]);
}
