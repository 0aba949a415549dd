import { count, list } from "../../check/units.ts";
import { busyReason } from "../../policy/busy.ts";
import { shellWord } from "../../shell.ts";
import { type Finding, ok, problem, unknown, warning } from "../diagnosis.ts";
import type { Asked, LockFacts, Seen, ServicesFacts } from "../facts.ts";

/** What others download counts at the host's interface as much as what a run does. */
const waitForEnd = "wait for the end of it: what others download leaves claims about bytes inconclusive";

/** Whether every service on the host has come to rest. */
export function judgeServices(services: Seen<ServicesFacts>): Finding {
  if ("unseen" in services)
    return unknown(`services cannot be looked at: ${services.unseen}`, "docker service ls, on the host");
  const { updating } = services.seen;
  const reasons = [
    busyReason({ ...services.seen, pulls: [] }),
    updating.length === 0 ? null : `update not over: ${list(updating.toSorted())}`,
  ].filter((reason) => reason !== null);
  if (reasons.length > 0)
    return warning(reasons.join("; "), `docker service ps --no-trunc NAME; ${waitForEnd}`);
  return ok(`${count(services.seen.services.length, "service")}, all at rest`);
}

/** Whether a run or a prune has the run lock. */
export function judgeLock(lock: Seen<LockFacts>): Finding {
  if ("unseen" in lock)
    return unknown(
      `the run lock cannot be looked at: ${lock.unseen}`,
      "install util-linux, which has flock; log in as root, or as a user who may read the lock's folder",
    );
  const { path, held } = lock.seen;
  switch (held) {
    case "by nobody":
      return ok(`nobody holds ${path}`);
    case "shared":
      return warning(`a deploy or a test run holds ${path}`, waitForEnd);
    case "alone":
      return problem(
        `a prune holds ${path}: it may remove what the run relies on`,
        "run the same command again when it is over",
      );
  }
}

/** Whether the engine downloads an image at this moment. */
export function judgePulls(pulls: Seen<string[]>): Finding {
  if ("unseen" in pulls)
    return unknown(
      `pulls in flight cannot be looked for: ${pulls.unseen}`,
      "log in as root, or as a user who may read the data root",
    );
  if (pulls.seen.length === 0) return ok("none");
  return warning(
    `files of a pull in flight, or of one that was broken off in the last day: ${list(pulls.seen)}`,
    waitForEnd,
  );
}

/** Whether somebody else deploys, pulls or prunes with a tool on the host. */
export function judgeDeploys(deploys: Seen<string[]>): Finding {
  if ("unseen" in deploys)
    return unknown(
      `the host's processes cannot be looked at: ${deploys.unseen}`,
      "ps aux, as root on the host",
    );
  return deploys.seen.length === 0
    ? ok("no abra or docker command deploys, pulls or prunes")
    : warning(list(deploys.seen), waitForEnd);
}

/** Whether the run's stack would meet anything that is already there. */
export function judgeStack(taken: Seen<string[]>, { stack }: Asked): Finding {
  if ("unseen" in taken)
    return unknown(
      `it cannot be told whether the stack name ${stack} is free: ${taken.unseen}`,
      "docker stack ls, on the host",
    );
  if (taken.seen.length === 0) return ok(`${stack} is free`);
  return problem(
    `the stack name ${stack} is taken by ${list(taken.seen)}`,
    `if a run left it: docker stack rm ${shellWord(stack)}, then remove the volumes, secrets and configs of that name; else name another recipe`,
  );
}
