import { type Checker, compose, type Finding, inconclusive } from "./checker.ts";
import { endedOk, endOf, type History, type StepHistory, sequence } from "./history.ts";
import { cachedDeploys, downloadsBetween, withoutLayers } from "./redeploy.ts";
import { retention } from "./store.ts";
import { count } from "./units.ts";

/** PC2.2. The store must outlive every teardown, prune run and restart, and the next deploy must profit from it. */
export const storeIsRetained: Checker = {
  id: "PC2.2",
  expected:
    "every image is still there, by ID, digest and layers, after each teardown, prune run and restart, and each redeploy fetches no layer",
  check,
};

function check(history: History): Finding {
  const survived = history.steps.filter(({ plan }) => ["teardown", "prune", "restart"].includes(plan.do));
  const redeploys = cachedDeploys(history);
  const nothing = "there was no redeploy, or nothing that the image store had to outlive";
  if (survived.length === 0 || redeploys.length === 0) return compose([], nothing);
  return compose(
    [
      ...survived.map(kept),
      ...redeploys.map((step) => withoutLayers(history, step)),
      // A store that was emptied and filled again was not retained.
      ...downloadsBetween(history),
    ],
    nothing,
    () =>
      `every image outlived ${survived.map(({ plan }) => plan.id).join(", ")}, and ${count(redeploys.length, "redeploy")} fetched no layer`,
  );
}

function kept(step: StepHistory): Finding {
  const finding = retention(step);
  if (finding.verdict !== "pass" || endedOk(step)) return finding;
  return inconclusive(endOf(step), sequence(step.invoke, step.outcome), "mend what failed and run again");
}
