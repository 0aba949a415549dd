import type { EntryOf } from "../model/evidence.ts";
import { budgetUse } from "./budget.ts";
import { pulledAs } from "./budget-in-step.ts";
import { hasLedger } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type History, ledgerGaps, merge, type StepHistory, sequence } from "./history.ts";
import { type Identity, identityOf, isPull } from "./identity.ts";
import { count, list } from "./units.ts";

const remedy =
  "send the credentials with every deploy (`--with-registry-auth`): a login on the host alone authenticates nothing in a swarm";

const honest: ReadonlySet<Identity> = new Set(["account", "handshake"]);

/** PC2.1. The ledger names who asked; the rate-limit counters confirm that it missed nobody. */
export const everyRequestAsAccount: Checker = {
  id: "PC2.1",
  expected:
    "every token request carries the account's credentials, every manifest and blob is asked for as the account, and the anonymous pull budget is untouched",
  check,
};

/** A live host has no ledger: there the counters alone tell, deploy by deploy. */
function check(history: History): Finding {
  const [lab, live] = [true, false].map((ledger) =>
    history.steps.filter((step) => hasLedger(history, step.host) === ledger),
  ) as [StepHistory[], StepHistory[]];
  const deploys = live.filter(({ plan }) => plan.do === "deploy");
  return compose(
    [
      ...(lab.length > 0 || live.length === 0 ? [byLedger({ ...history, steps: lab })] : []),
      ...(live.length > 0 && deploys.length === 0
        ? [inconclusive("no deploy was made on the live host", [], "leave a deploy in the run")]
        : deploys.map((step) => pulledAs(history, step))),
    ],
    "no host was looked at",
    (passes) => passes.map(({ found }) => found).join("; "),
  );
}

function byLedger(history: History): Finding {
  const { account } = history.run.data;
  const requests = requestsOf(history).filter(({ data }) => isPull(data));
  const asAccount = requests.filter(({ data }) => identityOf(data, account) === "account");
  const others = requests.filter(({ data }) => !honest.has(identityOf(data, account)));
  const anonymous = budgetUse(history, "anonymous");
  const authenticated = budgetUse(history, "account");
  const evidence = merge(sequence(...requests), anonymous.evidence, authenticated.evidence);

  if (others.length > 0) {
    const found = `${others.length} of ${count(requests.length, "request")} not made as ${account}: ${describe(history, others)}`;
    if (others.some(({ data }) => data.counted && data.account === null) && anonymous.spent === 0)
      return inconclusive(
        `witnesses disagree: ${found}; but the anonymous budget did not fall`,
        evidence,
        lookAgain,
      );
    return fail(found, sequence(...others), remedy);
  }
  if (history.steps.some((step) => ledgerGaps(step).length > 0))
    return inconclusive("the hub's ledger has gaps", evidence, lookAgain);
  if (asAccount.length === 0)
    return inconclusive(`no request was made as ${account}`, evidence, "leave a deploy in the run");
  if (anonymous.spent === null)
    return inconclusive(
      `all ${count(asAccount.length, "request")} ran as ${account} by the hub's ledger, but the anonymous budget could not be read, and one witness is not enough`,
      evidence,
      lookAgain,
    );
  if (anonymous.spent !== anonymous.counted)
    return inconclusive(
      `witnesses disagree: the anonymous budget fell by ${anonymous.spent}, the hub's ledger has ${count(anonymous.counted, "anonymous pull")}`,
      evidence,
      lookAgain,
    );
  if (authenticated.spent !== null && authenticated.spent !== authenticated.counted)
    return inconclusive(
      `witnesses disagree: the budget of ${account} fell by ${authenticated.spent}, the hub's ledger has ${count(authenticated.counted, "pull")} as ${account}`,
      evidence,
      lookAgain,
    );
  const own =
    authenticated.spent === null
      ? `the budget of ${account} could not be read`
      : `its budget fell by the ${count(authenticated.counted, "pull")} of the ledger`;
  const theirs =
    anonymous.counted === 0
      ? "did not fall"
      : `fell by the ${count(anonymous.counted, "pull")} of controls alone`;
  return pass(
    `all ${count(asAccount.length, "request")} ran as ${account}, none anonymous; ${own}, the anonymous budget ${theirs}`,
    evidence,
  );
}

/** Those of the judged steps, and those that their hosts made before the first step. */
function requestsOf(history: History): EntryOf<"request">[] {
  const hosts = new Set([null, ...history.steps.map((step) => step.host)]);
  const strays = history.strays.filter((request) => hosts.has(request.host));
  return [...strays, ...history.steps.flatMap((step) => step.requests)];
}

/** Who asked for what, how often: `cold-deploy: 3 anonymous token requests for pullproof/web (docker/26.1.5)`. */
function describe(history: History, requests: readonly EntryOf<"request">[]): string {
  const groups = Map.groupBy(requests, ({ step, data }) =>
    [step ?? "before the first step", identityOf(data, history.run.data.account), data.endpoint].join("\n"),
  );
  const sentences = [...groups].map(([key, members]) => {
    const [step, identity, endpoint] = key.split("\n");
    const what = distinct(members.map(({ data }) => data.repository ?? "no repository"));
    const agents = distinct(members.map(({ data }) => data.userAgent.split(" ")[0] || "no user agent"));
    return `${step}: ${count(members.length, `${identity} ${endpoint} request`)} for ${list(what)} (${list(agents, 2)})`;
  });
  return list(sentences, 4);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
