import type { DeployStep } from "../model/plan.ts";
import { hasLedger, type LayerTraffic, layerTraffic, sizeOf, smallestLayer } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { endedOk, endOf, type History, merge, type StepHistory, stepsThat } from "./history.ts";
import { cachedDeploys, deployRemedy, downloadRemedy, downloadsBetween } from "./redeploy.ts";
import { storeSays } from "./store.ts";
import { count, formatBytes } from "./units.ts";

/** PC3.1. Three witnesses are asked: the hub's ledger, the interface, the image-and-layer set. Events are hints. */
export const noLayerAgain: Checker = {
  id: "PC3.1",
  expected:
    "no redeploy of the chain, and no step between, downloads a layer: the hub sends none, the host receives less than the smallest layer, and every layer was in the store before",
  check(history) {
    const redeploys = cachedDeploys(history);
    const nothing = "no redeploy was made";
    if (redeploys.length === 0) return compose([], nothing);
    return compose(
      [
        ...coldDeploys(history).map((step) => sawLayers(history, step)),
        ...redeploys.map((step) => judge(history, step)),
        ...downloadsBetween(history),
      ],
      nothing,
      () => summary(history, redeploys),
    );
  },
};

function coldDeploys(history: History): StepHistory<DeployStep>[] {
  return stepsThat(history, "deploy").filter((step) => step.plan.expect === "cold");
}

/** Witnesses that see no layer where there must be some are not believed where there must be none. */
function sawLayers(history: History, step: StepHistory): Finding {
  const traffic = layerTraffic(history, step);
  if (traffic.agreed === "some")
    return pass(`${step.plan.id} downloaded ${sizeOf(traffic)}`, traffic.evidence);
  return inconclusive(
    `${step.plan.id} should have downloaded layers, but ${traffic.says}`,
    traffic.evidence,
    "make sure that the first deploy is cold, and look at the hub's and the interface's lines of that step",
  );
}

function judge(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan } = step;
  const traffic = layerTraffic(history, step);
  const store = storeSays(step);
  const evidence = merge(traffic.evidence, store.evidence);
  if (traffic.agreed === "some" && store.missing !== 0)
    return fail(`${plan.id} downloaded ${sizeOf(traffic)} again`, evidence, downloadRemedy(history, step));
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, deployRemedy);
  const said = `${traffic.says}, ${store.says}`;
  if (traffic.agreed === "unknown" || store.missing === null)
    return inconclusive(`not every witness saw ${plan.id}: ${said}`, evidence, lookAgain);
  if (traffic.agreed === "none" && store.missing === 0) return pass(`${plan.id}: ${said}`, evidence);
  return inconclusive(`witnesses disagree about ${plan.id}: ${said}`, evidence, lookAgain);
}

function summary(history: History, redeploys: readonly StepHistory<DeployStep>[]): string {
  const traffic: LayerTraffic[] = redeploys.map((step) => layerTraffic(history, step));
  const most = Math.max(...traffic.map(({ receivedBytes }) => receivedBytes ?? 0));
  const pulls = redeploys.flatMap(({ events }) => events).filter(({ data }) => data.action === "pull").length;
  const complete = redeploys.every(({ fence }) => fence?.data.seen === true);
  const hints = `${count(pulls, "pull event")}${complete ? "" : " in a stream that was not complete"}, which are hints only`;
  const sizes = redeploys.map(({ host }) => smallestLayer(history, host) ?? 0);
  const ledgers = redeploys.every(({ host }) => hasLedger(history, host));
  return `${redeploys.map(({ plan }) => plan.id).join(", ")}: ${ledgers ? "the hub sent no layer, " : ""}the host received at most ${formatBytes(most)} (the smallest layer has ${formatBytes(Math.min(...sizes))}), every needed layer was in the store before; ${hints}`;
}
