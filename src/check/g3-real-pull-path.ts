import type { EntryOf } from "../model/evidence.ts";
import type { DeployStep } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";
import { readings, spentIn } from "./budget-in-step.ts";
import { hasLedger } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, ledgerGaps, type StepHistory, sequence, stepsThat } from "./history.ts";
import { count, list } from "./units.ts";

/** G3. Settings say what could stand between engine and registry; the ledger says that nothing did. */
export const realPullPath: Checker = {
  id: "G3",
  expected:
    "no mirror, proxy, hosts file or prefer-offline switch, and every deploy asks docker.io for the manifest of each of its images",
  check(history) {
    const deploys = stepsThat(history, "deploy").filter(endedOk);
    const nothing = "the engine's settings were not read, or no deploy ended ok";
    if (history.environments.length === 0 || deploys.length === 0) return compose([], nothing);
    return compose(
      [
        ...history.environments.map(settings),
        ...deploys.map((step) => (hasLedger(history, step.host) ? asksTheHub(step) : costsAPull(step))),
      ],
      nothing,
      () =>
        `no mirror, proxy, hosts file or prefer-offline switch; ${count(deploys.length, "deploy")} asked docker.io for every image`,
    );
  },
};

function settings(environment: EntryOf<"environment">): Finding {
  const { mirrors, proxies, hostsFiles, preferOffline } = environment.data.pullPath;
  const evidence = sequence(environment);
  const lists = { mirror: mirrors, proxy: proxies, "hosts file": hostsFiles };
  const set = Object.entries(lists).flatMap(([name, values]) =>
    (values ?? []).map((value) => `${name} ${value}`),
  );
  if (preferOffline) set.push("DOCKER_SERVICE_PREFER_OFFLINE_IMAGE is set");
  if (set.length > 0)
    return fail(`between the engine and docker.io: ${list(set)}`, evidence, "remove it and run again");
  const unread = Object.entries({ ...lists, "prefer-offline switch": preferOffline }).flatMap(
    ([name, value]) => (value === null ? [name] : []),
  );
  if (unread.length > 0)
    return inconclusive(
      `not readable, so unknown: ${list(unread, 4)}`,
      evidence,
      "run where they can be read",
    );
  return pass("the engine's settings are clean", evidence);
}

/** Without a ledger only the counters show that docker.io was asked at all. */
function costsAPull(step: StepHistory<DeployStep>): Finding {
  const spent = (spentIn(step, "account") ?? 0) + (spentIn(step, "anonymous") ?? 0);
  if (spent > 0) return pass(`${step.plan.id} cost ${count(spent, "pull")}`, readings(step));
  const found = `no pull budget fell in ${step.plan.id}: whether it asked docker.io is unknown`;
  return inconclusive(found, readings(step), lookAgain);
}

function asksTheHub(step: StepHistory<DeployStep>): Finding {
  const images = (step.outcome?.data.services ?? []).map(({ image }) => parseReference(image));
  const wanted = new Set(images.filter(({ hub }) => hub).map(({ repository }) => repository));
  const asked = step.requests.filter(({ data }) => data.endpoint === "manifest");
  const unasked = [...wanted].filter((name) => !asked.some(({ data }) => data.repository === name));
  const evidence = sequence(step.invoke, ...asked, step.outcome);
  // A ledger without a single request shows no sign of having watched.
  if (wanted.size === 0 || step.requests.length === 0 || ledgerGaps(step).length > 0)
    return inconclusive(`what ${step.plan.id} asked docker.io for is unknown`, evidence, lookAgain);
  if (unasked.length > 0)
    return fail(
      `${step.plan.id} came up without asking docker.io for ${list(unasked)}`,
      evidence,
      "find out what answered instead: a mirror, or a local image that was taken without a check",
    );
  return pass(`${step.plan.id} asked for every image`, evidence);
}
