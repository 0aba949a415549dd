import { layerRequests } from "./bytes.ts";
import { type Checker, type Finding, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, type History, sequence, stepAfter, stepsThat } from "./history.ts";
import { pullSecondsOf } from "./timing.ts";
import { count, formatSeconds, formatShare } from "./units.ts";

/**
 * Cold pulls that take more than this share of a run are a reason to think again about a registry cache. A
 * convention of this project: below it, even a perfect cache could not halve a run.
 */
const revisitShare = 0.5;

/** G4. Measures, and fails nothing: whether to revisit the decision is for people. */
export const revisitConditions: Checker = {
  id: "G4",
  expected: "the number of swarm nodes and the share of a cold run that pulls take are measured",
  check,
};

function check(history: History): Finding {
  const nodes = Math.max(...history.environments.map(({ data }) => data.swarmNodes));
  const deploy = stepsThat(history, "deploy").find(
    (step) => step.plan.expect === "cold" && endedOk(step) && layerRequests(step).length > 0,
  );
  const teardown = deploy && stepAfter(history, deploy, "teardown");
  if (history.environments.length === 0 || deploy?.outcome === undefined || teardown?.outcome === undefined)
    return inconclusive(
      "the number of nodes, or a cold deploy and its teardown, was not measured",
      [],
      lookAgain,
    );
  const pulls = pullSecondsOf(deploy.requests);
  const run = deploy.outcome.data.seconds + teardown.outcome.data.seconds;
  const share = pulls / run;
  const met = nodes > 1 || share > revisitShare;
  return pass(
    `${count(nodes, "node")}; cold pulls take ${formatSeconds(pulls)} of a ${formatSeconds(run)} run (${formatShare(share)}); revisit a registry cache when there is more than one node or cold pulls take more than ${formatShare(revisitShare)} of a run: ${met ? "that is so now" : "not now"}`,
    sequence(...history.environments, ...deploy.requests, deploy.outcome, teardown.outcome),
  );
}
