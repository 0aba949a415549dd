import type { Body } from "../model/evidence.ts";
import { type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type History, type StepHistory, sequence } from "./history.ts";
import { count } from "./units.ts";

/** Pulls by which the counter of one identity fell in a step; null when it was not readable, or rose with time. */
export function spentIn(step: StepHistory, identity: Body<"ratelimit">["identity"]): number | null {
  const [before, after] = [step.before[identity]?.data.remaining, step.after[identity]?.data.remaining];
  if (typeof before !== "number" || typeof after !== "number" || after > before) return null;
  return before - after;
}

/** The readings around a step. */
export function readings({ before, after }: StepHistory): number[] {
  return sequence(before.account, before.anonymous, after.account, after.anonymous);
}

/**
 * As whom a deploy pulled, on a host without a ledger: Docker Hub takes each manifest GET off the account's budget, or
 * off that of the host's address. Both counters have other users, too; a fall of both at once tells nothing.
 */
export function pulledAs(history: History, step: StepHistory): Finding {
  const { account } = history.run.data;
  const [own, anonymous] = [spentIn(step, "account"), spentIn(step, "anonymous")];
  const said = `the budget of ${account} ${fell(own)}, the anonymous one ${fell(anonymous)}`;
  const found = `${step.plan.id}: ${said}`;
  if (own === null || anonymous === null) return inconclusive(found, readings(step), lookAgain);
  if (own > 0 && anonymous === 0) return pass(found, readings(step));
  if (own === 0 && anonymous > 0)
    return fail(
      found,
      readings(step),
      "send the credentials with every deploy (`--with-registry-auth`): a login on the host alone authenticates nothing in a swarm",
    );
  if (own === 0) return inconclusive(`${found}: nothing shows as whom it asked`, readings(step), quiet);
  return inconclusive(`${found}: not all of that can be this host's`, readings(step), quiet);
}

/** What to do when counters that others share do not tell one host's pulls. */
const quiet = "run again while nobody else pulls as this account or from this address";

const fell = (pulls: number | null) =>
  pulls === null ? "could not be read" : pulls === 0 ? "did not fall" : `fell by ${count(pulls, "pull")}`;

/** Whether a repeat deploy cost at most one pull for each service, by the counters. */
export function checkedOnce(history: History, step: StepHistory): Finding {
  const spent = [spentIn(step, "account"), spentIn(step, "anonymous")];
  const [own, anonymous] = spent;
  const services = step.outcome?.data.services.length ?? 0;
  if (typeof own !== "number" || typeof anonymous !== "number")
    return inconclusive(`what ${step.plan.id} cost could not be read`, readings(step), lookAgain);
  const cost = own + anonymous;
  const found = `${step.plan.id} cost ${count(cost, "pull")} for ${count(services, "service")}`;
  if (cost <= services) return pass(found, readings(step));
  return inconclusive(
    `${found}, or somebody else pulled as ${history.run.data.account}`,
    readings(step),
    quiet,
  );
}
