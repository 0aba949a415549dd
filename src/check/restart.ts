import type { Body } from "../model/evidence.ts";
import { ownServices } from "../model/own-services.ts";
import type { Step } from "../model/plan.ts";
import { layerTraffic, sizeOf, smallestLayer } from "./bytes.ts";
import { type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import {
  type Boundary,
  endedOk,
  endOf,
  type History,
  ledgerGaps,
  merge,
  type StepHistory,
  sequence,
} from "./history.ts";
import { rebooted } from "./received.ts";
import { downloadRemedy } from "./redeploy.ts";
import { storeSays } from "./store.ts";
import { list } from "./units.ts";

/** What to do where no machine began anew. */
export const rebootRemedy =
  "judge a host that truly reboots: leave the virtual machine in the run (`--host lab,vm`, without `--quick`)";

/** A step that started the host anew, in whichever manner. */
export type Restart = StepHistory<Extract<Step, { do: "restart" }>>;

/** Whether the machine itself began anew: a boot id that was never seen before, and an uptime that began again. */
export function trulyRebooted(history: History, step: Restart): Finding {
  const { plan, before, after } = step;
  const evidence = sequence(before.clock, step.invoke, step.outcome, after.clock);
  if (!endedOk(step)) return inconclusive(endOf(step), evidence, "mend the restart and run again");
  if (before.clock === undefined || after.clock === undefined)
    return inconclusive(`the boot id was not seen on both sides of ${plan.id}`, evidence, lookAgain);
  if (!rebooted(step))
    return inconclusive(
      `the boot id did not change in ${plan.id}: the engine was restarted, the machine was not rebooted`,
      evidence,
      rebootRemedy,
    );
  const { bootId, uptimeSeconds } = after.clock.data;
  const known = earlier(history, step).find((other) => other.before.clock?.data.bootId === bootId)?.before
    .clock;
  if (known !== undefined)
    return inconclusive(
      `${plan.id} gave a boot id that this host has had before`,
      merge(evidence, sequence(known)),
      "find out what sets the machine back: a boot id is never given twice",
    );
  if (!beganAnew(before.clock, after.clock))
    return inconclusive(
      `${plan.id} gave a new boot id, but an uptime of ${uptimeSeconds} s, after ${before.clock.data.uptimeSeconds} s at the look before`,
      evidence,
      lookAgain,
    );
  return pass(`${plan.id} gave a new boot id`, evidence);
}

/**
 * An uptime that is less than before, or than what has passed since, as the controller's monotonic clock tells: a wall
 * clock may be set. Only where a run was resumed by another process, whose clock is another, the wall clock has to do.
 */
function beganAnew(before: NonNullable<Boundary["clock"]>, after: NonNullable<Boundary["clock"]>): boolean {
  const passed =
    after.mono >= before.mono ? after.mono - before.mono : Date.parse(after.wall) - Date.parse(before.wall);
  const { uptimeSeconds } = after.data;
  return uptimeSeconds < before.data.uptimeSeconds || uptimeSeconds <= passed / 1000;
}

/** Whether an app ran when the host was started anew; null where that was not seen, or is not what was planned. */
export function appRan(history: History, step: Restart): boolean | null {
  const { uses } = step.before;
  if (uses === undefined) return null;
  const last = earlier(history, step).findLast(({ plan }) => plan.do === "deploy" || plan.do === "teardown");
  const planned = last?.plan.do === "deploy";
  return planned === own(history, step).length > 0 ? planned : null;
}

/**
 * Whether a host came back without a layer, and with the app that ran on it. The hub is silent then, for an engine that
 * has the image of a resolved reference asks nobody: what speaks is the interface, and the store as it was before.
 */
export function cameBackWithoutLayers(history: History, step: Restart): Finding {
  const { plan, before } = step;
  const ran = appRan(history, step);
  const traffic = layerTraffic(history, step);
  const store = storeSays(step);
  const seen = sequence(before.uses, step.outcome);
  const evidence = merge(traffic.evidence, seen, ran === true ? store.evidence : []);
  if (traffic.agreed === "some")
    return fail(`${plan.id} downloaded ${sizeOf(traffic)}`, evidence, downloadRemedy(history, step));
  if (ran === null)
    return inconclusive(`whether an app ran before ${plan.id} as planned was not seen`, evidence, lookAgain);
  const said = ran ? `${traffic.says}, ${store.says}` : traffic.says;
  if (traffic.agreed === "conflict" || (ran && store.missing !== null && store.missing > 0))
    return inconclusive(`witnesses disagree about ${plan.id}: ${said}`, evidence, lookAgain);
  const unseen =
    traffic.receivedBytes === null ||
    smallestLayer(history, step.host) === null ||
    ledgerGaps(step).length > 0;
  if (unseen || (ran && store.missing === null))
    return inconclusive(`not every witness saw ${plan.id}: ${said}`, evidence, lookAgain);
  const lost = notBack(history, step);
  if (lost.length > 0)
    return inconclusive(
      `${plan.id} did not bring back ${list(lost)}`,
      evidence,
      "look at the restart's outcome in evidence.jsonl, mend what kept the app from coming up, run again",
    );
  return pass(`${plan.id} ${ran ? "brought the app back" : "came back"}: ${said}`, evidence);
}

/** Services that were there before and that nobody saw run afterwards. */
function notBack(history: History, step: Restart): string[] {
  const { outcome } = step;
  const up = new Set(outcome?.data.services.filter(({ running }) => running).map(({ name }) => name));
  return own(history, step)
    .map(({ name }) => name)
    .filter((name) => !up.has(name));
}

/** Services of the run that were there before: what others deploy on a live host is theirs to see to. */
function own({ environments }: History, { before, host }: Restart): Body<"uses">["services"] {
  const { stack } = environments.find((environment) => environment.host === host)?.data ?? {};
  return before.uses === undefined ? [] : ownServices(before.uses.data, stack);
}

/** What went before on the same host, in whichever scenario. */
function earlier({ timeline }: History, step: StepHistory): StepHistory[] {
  return timeline.filter((other) => other.host === step.host && other.invoke.seq < step.invoke.seq);
}
