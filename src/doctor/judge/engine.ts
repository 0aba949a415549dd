import { count } from "../../check/units.ts";
import { type Finding, ok, problem, unknown } from "../diagnosis.ts";
import type { EngineFacts, Seen, SwarmFacts } from "../facts.ts";

/** Since 20.10 (API 1.41) an engine tells how many tasks of a service run: https://docs.docker.com/reference/api/engine/version-history/. */
const oldestApi = [1, 41] as const;

/** Whether the engine answers, and can tell what a run has to know. */
export function judgeEngine(engine: Seen<EngineFacts>): Finding {
  if ("unseen" in engine)
    return problem(`the engine does not answer: ${engine.unseen}`, "systemctl status docker, on the host");
  const { version, apiVersion, imageStore, storageDriver } = engine.seen;
  const found = `${version}, API ${apiVersion}, image store ${imageStore} on ${storageDriver}`;
  const [major = 0, minor = 0] = apiVersion.split(".").map(Number);
  if (major < oldestApi[0] || (major === oldestApi[0] && minor < oldestApi[1]))
    return problem(
      `${found}: too old to tell whether services are up`,
      "upgrade the engine to 20.10 or later",
    );
  return ok(found);
}

/** Whether the engine manages a swarm of its own, alone, in which this node takes tasks. */
export function judgeSwarm(swarm: Seen<SwarmFacts>): Finding {
  if ("unseen" in swarm)
    return unknown(`the swarm cannot be looked at: ${swarm.unseen}`, "docker info, on the host");
  const { state, manager, nodes, node } = swarm.seen;
  if (state === "inactive")
    return problem("the engine is in no swarm, and a recipe is a swarm stack", "docker swarm init");
  if (state !== "active")
    return problem(`the node's state in its swarm is ${state}`, "docker info; docker swarm unlock");
  if (!manager)
    return problem(
      "the node is a worker of its swarm: it can deploy nothing",
      "name the swarm's manager, by --context or --docker-host",
    );
  if (nodes > 1)
    return problem(
      `the swarm has ${count(nodes, "node")}, and the witnesses see only this one: what the others pull is unknown`,
      "judge a swarm of one node; more than one is a reason to think again about a registry cache (G4)",
    );
  if (node === null) return unknown("the swarm does not tell of this node", "docker node ls");
  if (node.state !== "ready" || node.availability !== "active")
    return problem(
      `the swarm gives this node no tasks: it is ${node.state}, availability ${node.availability}`,
      "docker node update --availability active $(docker node ls -q), once it is ready",
    );
  return ok("manager of a swarm of one node");
}
