import type { Host } from "../../host/host.ts";
import { addressWithoutPassword } from "../../without-passwords.ts";
import { engineFacts, pullPath } from "../../witness/environment.ts";
import type { EngineFacts, PullPathFacts, SwarmFacts } from "../facts.ts";

/** The engine, by its own words. */
export async function engineOf({ docker }: Host): Promise<EngineFacts> {
  const [facts, info] = await Promise.all([engineFacts(docker), docker.info()]);
  return { ...facts, id: info.ID };
}

/** The swarm, as far as this node may know. */
export async function swarmOf({ docker }: Host): Promise<SwarmFacts> {
  const { Swarm: swarm } = await docker.info();
  const manager = swarm?.ControlAvailable === true;
  const nodes = manager ? await docker.listNodes() : [];
  const own = nodes.find(({ ID }) => ID === swarm?.NodeID);
  return {
    state: swarm?.LocalNodeState || "inactive",
    manager,
    nodes: manager ? nodes.length : 0,
    node:
      own === undefined
        ? null
        : {
            state: own.Status?.State ?? "unknown",
            availability: own.Spec?.Availability ?? "unknown",
          },
  };
}

/** What stands between the engine and docker.io. */
export async function pathOf(host: Host): Promise<PullPathFacts> {
  const [path, info] = await Promise.all([pullPath(host), host.docker.info()]);
  const registry = info.RegistryConfig as
    | { IndexConfigs?: Record<string, { Secure?: boolean }> | null }
    | undefined;
  return {
    ...path,
    mirrors: path.mirrors?.map(addressWithoutPassword) ?? null,
    insecure: registry?.IndexConfigs?.["docker.io"]?.Secure === false,
  };
}
