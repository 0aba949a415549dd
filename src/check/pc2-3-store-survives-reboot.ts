import type { RestartManner } from "../model/plan.ts";
import { layerTraffic } from "./bytes.ts";
import { type Checker, compose, type Finding, inconclusive, lookAgain } from "./checker.ts";
import { type History, type StepHistory, sequence, stepAfter, stepBefore, stepsThat } from "./history.ts";
import { withoutLayers } from "./redeploy.ts";
import { appRan, cameBackWithoutLayers, type Restart, trulyRebooted } from "./restart.ts";
import { retention } from "./store.ts";
import { list } from "./units.ts";

/** PC2.3. Only a changed boot id is a reboot; what is lost in a mere restart is lost all the same. */
export const storeSurvivesReboot: Checker = {
  id: "PC2.3",
  expected:
    "after each restart, with a new boot id and the uptime begun anew, every image is still there, an app that ran is brought back, and neither the host's return nor the next redeploy fetches a layer",
  check(history) {
    const restarts = stepsThat(history, "restart");
    return compose(
      restarts.flatMap((step) => [
        survived(step),
        trulyRebooted(history, step),
        cameBackWithoutLayers(history, step),
        redeployed(history, step),
      ]),
      "the host was not restarted",
      () => summary(history, restarts),
    );
  },
};

/** An empty store loses nothing. */
function survived(step: Restart): Finding {
  if (step.before.images?.data.images.length !== 0) return retention(step);
  return inconclusive(
    `there was no image before ${step.plan.id} that could have survived it`,
    sequence(step.before.images, step.invoke),
    "deploy before the restart, and see to it that the images are still there when it begins",
  );
}

/** Whether the next deploy needed nothing but what the store had kept. */
function redeployed(history: History, step: Restart): Finding {
  // The next on this host, whichever scenario it belongs to.
  const all: History = { ...history, steps: [...history.timeline] };
  const redeploy = stepAfter(all, step, "deploy");
  if (redeploy?.plan.expect !== "cached")
    return inconclusive(`no redeploy followed ${step.plan.id}`, sequence(step.invoke), lookAgain);
  const finding = withoutLayers(history, redeploy);
  const since = stepBefore(all, redeploy, "deploy")?.invoke.seq ?? 0;
  const others = all.steps.filter(
    (other) =>
      other !== step &&
      other.host === step.host &&
      other.invoke.seq > since &&
      other.invoke.seq < redeploy.invoke.seq,
  );
  const told = (other: StepHistory, what: string) =>
    inconclusive(
      `${redeploy.plan.id} does not tell what survived ${step.plan.id}: ${other.plan.id} ${what}`,
      sequence(other.before.images, other.invoke, other.after.images, redeploy.invoke, redeploy.outcome),
      `leave the store alone around a restart; see to ${other.plan.id} first`,
    );
  const remover = others.find((other) => retention(other).verdict !== "pass");
  if (finding.verdict === "fail" && remover !== undefined)
    return told(remover, "removed images, or may have, and the redeploy downloaded layers");
  const fetcher = others.find(
    (other) => other.invoke.seq > step.invoke.seq && layerTraffic(history, other).layers > 0,
  );
  if (finding.verdict === "pass" && fetcher !== undefined)
    return told(fetcher, "downloaded layers in between");
  return finding;
}

const titles: Record<RestartManner, string> = {
  restart: "a restart",
  reboot: "a reboot told from within",
  "power-cut": "a power cut",
};

function summary(history: History, restarts: readonly Restart[]): string {
  const each = restarts.map((step) => {
    const state = appRan(history, step) ? "with the app running" : "at rest";
    return `${step.plan.id} (${titles[step.plan.manner]}, ${state})`;
  });
  return `${list(each)}: new boot id, every image still there, no layer downloaded by the host's return or the next redeploy`;
}
