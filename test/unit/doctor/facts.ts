import type { HostFacts } from "../../../src/doctor/facts.ts";

/** A moment at which nothing special happens. */
export const now = Date.UTC(2026, 10, 23, 20, 0, 0);

/** What is seen of a host on which all is well. */
export function wellFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    asked: {
      account: "keeper",
      registryAuth: true,
      deployer: "auto",
      stack: "diary_example_com",
      pulls: 40,
    },
    engine: {
      seen: {
        id: "E1",
        version: "26.1.5",
        apiVersion: "1.45",
        imageStore: "graphdriver",
        storageDriver: "overlay2",
        dataRoot: "/var/lib/docker",
        kernel: "6.1.0",
        os: "Debian",
        cpus: 2,
        memoryBytes: 4e9,
      },
    },
    swarm: {
      seen: {
        state: "active",
        manager: true,
        nodes: 1,
        node: { state: "ready", availability: "active" },
      },
    },
    disk: { seen: { totalBytes: 100e9, usedBytes: 20e9, totalInodes: 1e6, usedInodes: 1e5 } },
    clock: { seen: { host: now, before: now - 20, after: now + 20 } },
    abra: { seen: { path: null, version: null, problems: [] } },
    client: { seen: { version: "26.1.5", engine: "E1", variables: [] } },
    login: { seen: { kind: "found", by: "auths of config.json", account: "keeper" } },
    hub: {
      seen: {
        tokenStatus: 200,
        manifestStatus: 200,
        date: now,
        at: now,
        as: "keeper",
        retryAfterSeconds: null,
        limits: {
          identity: "account",
          limit: 200,
          remaining: 76,
          windowSeconds: 21_600,
          source: null,
        },
      },
    },
    pullPath: { seen: { mirrors: [], proxies: [], preferOffline: false, hostsFiles: [], insecure: false } },
    services: { seen: { services: [], tasksUnderway: [], updating: [] } },
    lock: { seen: { path: "/var/lib/pullproof/run.lock", held: "by nobody" } },
    pulls: { seen: [] },
    deploys: { seen: [] },
    taken: { seen: [] },
    ...changes,
  };
}

/** One of the facts as it was seen, with changes. */
export function seenWith<K extends keyof Omit<HostFacts, "asked">>(
  key: K,
  changes: object,
): Pick<HostFacts, K> {
  const fact = wellFacts()[key];
  const seen = "seen" in fact ? fact.seen : {};
  return { [key]: { seen: { ...seen, ...changes } } } as Pick<HostFacts, K>;
}
