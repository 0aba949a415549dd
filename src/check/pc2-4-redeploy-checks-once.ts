import type { EntryOf } from "../model/evidence.ts";
import type { DeployStep } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";
import { checkedOnce, pulledAs, spentIn } from "./budget-in-step.ts";
import { hasLedger } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, pass } from "./checker.ts";
import { type History, type StepHistory, sequence } from "./history.ts";
import { identityOf, isManifestPull } from "./identity.ts";
import { cachedDeploys, withoutLayers } from "./redeploy.ts";
import { count, list } from "./units.ts";

/** PC2.4. A manifest GET costs a pull on Docker Hub, a HEAD does not. */
export const redeployChecksOnce: Checker = {
  id: "PC2.4",
  expected:
    "every repeat deploy fetches no layer and GETs at most one manifest per image (one for each service that names it), all as the account",
  check(history) {
    const redeploys = cachedDeploys(history);
    return compose(
      redeploys.flatMap((step) => judge(history, step)),
      "no repeat deploy was made",
      () => `${count(redeploys.length, "repeat deploy")} fetched no layer: ${summary(history)}`,
    );
  },
};

function judge(history: History, step: StepHistory<DeployStep>): Finding[] {
  const bytes = withoutLayers(history, step);
  // A pull that moves layers asks for the manifest again: that it does so is no finding of its own.
  const ledger = hasLedger(history, step.host);
  const checks = ledger ? checksOnce(step) : checkedOnce(history, step);
  const identity = ledger ? authenticated(history, step) : pulledAs(history, step);
  return [bytes, ...(bytes.verdict === "fail" ? [] : [checks]), identity];
}

function checksOnce(step: StepHistory<DeployStep>): Finding {
  const gets = manifestGets(step);
  const services = step.outcome?.data.services ?? [];
  const excess = [...Map.groupBy(gets, ({ data }) => data.repository ?? "no repository")].flatMap(
    ([repository, requests]) => {
      const naming = services.filter(({ image }) => parseReference(image).repository === repository).length;
      return requests.length > Math.max(1, naming) ? [{ repository, requests }] : [];
    },
  );
  if (excess.length === 0) return pass(`${step.plan.id} checked each image once`, sequence(...gets));
  const what = excess.map(({ repository, requests }) => `${repository} ${requests.length} times`);
  return fail(
    `${step.plan.id} fetched the manifest of ${list(what)}`,
    sequence(...excess.flatMap(({ requests }) => requests)),
    "find out what asks more than once: each GET costs a pull, and swarm makes one for each service",
  );
}

function authenticated(history: History, step: StepHistory<DeployStep>): Finding {
  const { account } = history.run.data;
  const asked = step.requests.filter(({ data }) => isManifestPull(data, account));
  const others = asked.filter(({ data }) => identityOf(data, account) !== "account");
  if (others.length === 0) return pass(`${step.plan.id} asked as ${account}`, sequence(...asked));
  return fail(
    `${step.plan.id} made ${others.length} of ${count(asked.length, "manifest request")} not as ${account}`,
    sequence(...others),
    "send the credentials with every deploy (`--with-registry-auth`)",
  );
}

/** Manifest GETs that were answered with a manifest, which is what Docker Hub counts. */
export function manifestGets(step: StepHistory): EntryOf<"request">[] {
  return step.requests.filter(
    ({ data }) =>
      data.endpoint === "manifest" && data.method === "GET" && data.status >= 200 && data.status < 300,
  );
}

function summary(history: History): string {
  const gets = cachedDeploys(history).map((step) =>
    hasLedger(history, step.host) ? manifestGets(step).length : (spentIn(step, "account") ?? 0),
  );
  const range =
    Math.min(...gets) === Math.max(...gets) ? `${gets[0]}` : `${Math.min(...gets)} to ${Math.max(...gets)}`;
  return `${range} manifest GETs each, all as ${history.run.data.account}`;
}
