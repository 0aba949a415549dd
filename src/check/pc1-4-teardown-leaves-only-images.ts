import type { Body } from "../model/evidence.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import {
  endedOk,
  endOf,
  type History,
  type StepHistory,
  sequence,
  stepBefore,
  stepsThat,
} from "./history.ts";
import { retention } from "./store.ts";
import { count, list } from "./units.ts";

/** PC1.4. What there was before the deploy is what there may be after the teardown. */
export const teardownLeavesOnlyImages: Checker = {
  id: "PC1.4",
  expected:
    "after every teardown nothing is left of what the deploy added (services, containers, networks, volumes, secrets, configs), and no image is gone",
  check: (history) =>
    compose(
      stepsThat(history, "teardown").flatMap((step) => [leftovers(history, step), retention(step)]),
      "no teardown was made",
      (passes) => `${count(passes.length / 2, "teardown")} left nothing behind and removed no image`,
    ),
};

function leftovers(history: History, step: StepHistory): Finding {
  const { plan } = step;
  const deploy = stepBefore(history, step, "deploy");
  const start = deploy?.before.inventory;
  const deployed = deploy?.after.inventory;
  const end = step.after.inventory;
  const evidence = sequence(start, deploy?.outcome, deployed, step.invoke, step.outcome, end);
  if (deploy === undefined || start === undefined || deployed === undefined || end === undefined) {
    return inconclusive(
      `what was there before the deploy, after it and after ${plan.id} was not all seen`,
      evidence,
      lookAgain,
    );
  }
  const earlier = leftOfEarlier(history, step, end.data);
  if (earlier === null)
    return inconclusive(`what deploys before ${plan.id} added was not all seen`, evidence, lookAgain);
  const { stack } = history.environments.find(({ host }) => host === step.host)?.data ?? {};
  const found = [...new Set([...added(start.data, end.data), ...earlier])];
  const left = stack === undefined ? found : found.filter((name) => name.includes(stack));
  if (left.length > 0) {
    return fail(
      `${plan.id} left ${list(left, 6)}`,
      evidence,
      "remove what is left by hand, and find out why it stayed",
    );
  }
  const unexplained = stack === undefined ? [] : found.filter((name) => !isOfOthers(name, end.data));
  if (unexplained.length > 0) {
    return inconclusive(
      `${list(unexplained, 6)} came between ${deploy.plan.id} and the end of ${plan.id}, and bears nobody's name`,
      evidence,
      "find out what made it, and run again while nobody works on the host",
    );
  }
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, "mend the teardown and run again");
  if (added(start.data, deployed.data).length === 0) {
    return inconclusive(
      `the inventory shows nothing that ${deploy.plan.id} added, so it cannot show that ${plan.id} removed it`,
      evidence,
      lookAgain,
    );
  }
  return pass(`${plan.id} left nothing behind`, evidence);
}

/**
 * Deploys on top of one another are torn down at once: what is left of what each of them added. Null where that was
 * not seen.
 */
function leftOfEarlier(history: History, step: StepHistory, end: Body<"inventory">): string[] | null {
  const last = stepBefore(history, step, "teardown")?.invoke.seq ?? 0;
  const left = new Set(added(nothing, end));
  const found: string[] = [];
  for (const { host, invoke, before, after } of stepsThat(history, "deploy")) {
    if (host !== step.host || invoke.seq < last || invoke.seq > step.invoke.seq) continue;
    if (before.inventory === undefined || after.inventory === undefined) return null;
    found.push(...added(before.inventory.data, after.inventory.data).filter((name) => left.has(name)));
  }
  return found;
}

/** Whether something on a host that others use, too, is a service of theirs, or bears the name of one or of its stack. */
function isOfOthers(name: string, { services }: Body<"inventory">): boolean {
  const [kind = "", called = ""] = name.split(" ", 2);
  if (kind === "service" || services.some((service) => called.startsWith(`/${service}.`))) return true;
  const stacks = services.map((service) => service.slice(0, service.lastIndexOf("_") + 1));
  return stacks.some((prefix) => prefix !== "" && called.startsWith(prefix));
}

const nothing: Body<"inventory"> = {
  services: [],
  containers: [],
  networks: [],
  volumes: [],
  secrets: [],
  configs: [],
};

/** Names in the second inventory that are not in the first: `volume a_data`. */
function added(before: Body<"inventory">, after: Body<"inventory">): string[] {
  const kinds = Object.keys(after) as (keyof Body<"inventory">)[];
  return kinds.flatMap((kind) => {
    const known = new Set(before[kind]);
    return after[kind].filter((name) => !known.has(name)).map((name) => `${kind.slice(0, -1)} ${name}`);
  });
}
