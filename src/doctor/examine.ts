import { takenBy } from "../deploy/stack-objects.ts";
import { type Login, readLogin } from "../host/credentials.ts";
import type { Host } from "../host/host.ts";
import type { AbraFound, Asked, HostFacts, HubFacts, LoginFacts, Seen } from "./facts.ts";
import { engineOf, pathOf, swarmOf } from "./look/engine.ts";
import type { AskHub } from "./look/hub.ts";
import { clockOf, diskOf } from "./look/machine.ts";
import { deploysOf, lockOf, pullsOf, servicesOf } from "./look/others.ts";
import { see } from "./look/see.ts";
import { abraOf, clientOf } from "./look/tools.ts";

/** How the doctor reaches what is not the host's own. */
export interface Ways {
  askHub: AskHub;
  /** Our clock, in milliseconds since the epoch. */
  now: () => number;
  /** Tells of the abra that is installed on the host; without it, that it is there and its version. */
  probeAbra?: (host: Host) => Promise<AbraFound>;
}

/**
 * Looks at a live host before a run. Changes nothing on it, and takes no pull. Never throws: what cannot be looked at is
 * unseen, with the reason. What it returns holds no secret.
 */
export async function examine(host: Host, asked: Asked, ways: Ways): Promise<HostFacts> {
  const { probeAbra = abraOf } = ways;
  const engine = await see(() => engineOf(host));
  // The looks go on side by side, each for itself.
  const [swarm, disk, clock, abra, client, names, pullPath, services, lock, pulls, deploys, taken] =
    await Promise.all([
      see(() => swarmOf(host)),
      after(engine, ({ dataRoot }) => diskOf(host, dataRoot)),
      see(() => clockOf(host, ways.now)),
      see(() => probeAbra(host)),
      see(() => clientOf(host)),
      loginAndHub(host, asked, ways),
      see(() => pathOf(host)),
      see(() => servicesOf(host)),
      see(() => lockOf(host)),
      after(engine, (facts) => pullsOf(host, facts)),
      see(() => deploysOf(host)),
      see(() => takenBy(host.docker, asked.stack)),
    ]);
  return {
    asked,
    engine,
    swarm,
    disk,
    clock,
    abra,
    client,
    ...names,
    pullPath,
    services,
    lock,
    pulls,
    deploys,
    taken,
  };
}

/** Looks where the engine's facts lead; unseen where those are. */
async function after<T, E>(engine: Seen<E>, look: (facts: E) => Promise<T>): Promise<Seen<T>> {
  if ("unseen" in engine) return { unseen: "the engine does not say where it keeps its files" };
  return see(() => look(engine.seen));
}

/** docker.io is asked as whom pulls would run, and the secret is gone when that is done. */
async function loginAndHub(
  host: Host,
  { registryAuth }: Asked,
  { askHub, now }: Ways,
): Promise<{ login: Seen<LoginFacts>; hub: Seen<HubFacts> }> {
  const login = await see(() => readLogin(host));
  const found = "seen" in login && login.seen.kind === "found" && registryAuth ? login.seen : null;
  const hub = await see(async () => ({
    ...(await askHub(found)),
    as: found?.account ?? null,
    at: now(),
  }));
  return { login: "seen" in login ? { seen: withoutSecret(login.seen) } : login, hub };
}

function withoutSecret(login: Login): LoginFacts {
  if (login.kind !== "found") return login;
  const { kind, by, account } = login;
  return { kind, by, account };
}
