import { type Check, checks, type Diagnosis, type Finding } from "./diagnosis.ts";
import type { HostFacts } from "./facts.ts";
import { judgeEngine, judgeSwarm } from "./judge/engine.ts";
import { judgeClock, judgeDisk } from "./judge/machine.ts";
import { judgeDeploys, judgeLock, judgePulls, judgeServices, judgeStack } from "./judge/others.ts";
import { judgeBudget, judgeCredentials, judgeHub, judgePullPath } from "./judge/registry.ts";
import { judgeClient, judgeDeployer } from "./judge/tools.ts";

/** What the facts come to, one diagnosis for each check, in their order. `now` is in milliseconds since the epoch. */
export function diagnose(facts: HostFacts, now: number): Diagnosis[] {
  const { asked, engine, hub } = facts;
  const findings: Record<Check, Finding> = {
    engine: judgeEngine(engine),
    swarm: judgeSwarm(facts.swarm),
    disk: judgeDisk(facts.disk),
    clock: judgeClock(facts.clock, hub),
    "docker client": judgeClient(facts.client, engine),
    deployer: judgeDeployer(facts.abra, asked),
    credentials: judgeCredentials(facts.login, asked),
    "docker.io": judgeHub(hub, asked),
    "pull budget": judgeBudget(hub, asked, now),
    "pull path": judgePullPath(facts.pullPath),
    services: judgeServices(facts.services),
    "run lock": judgeLock(facts.lock),
    "pulls in flight": judgePulls(facts.pulls),
    "other deploys": judgeDeploys(facts.deploys),
    "stack name": judgeStack(facts.taken, asked),
  };
  return checks.map((check) => ({ check, ...findings[check] }));
}
