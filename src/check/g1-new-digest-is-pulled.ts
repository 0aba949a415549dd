import type { DeployStep } from "../model/plan.ts";
import { layerRequests, layerTraffic, sizeOf } from "./bytes.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import {
  endedOk,
  endOf,
  type History,
  merge,
  publishedAs,
  type StepHistory,
  sequence,
  stepBefore,
  stepsThat,
} from "./history.ts";
import { deployRemedy, withoutLayers } from "./redeploy.ts";
import { runsDigest } from "./running.ts";
import { count } from "./units.ts";

/** G1. A cache that hides a new version would be worse than none; and the old version must stay deployable. */
export const newDigestIsPulled: Checker = {
  id: "G1",
  expected:
    "after a tag has moved, a deploy downloads and runs the new digest, and a deploy pinned to the old digest runs that without downloading a layer",
  check(history) {
    const fresh = stepsThat(history, "deploy").filter((step) => step.plan.expect === "new-digest");
    const pinned = stepsThat(history, "deploy").filter(
      (step) => step.plan.expect === "cached" && pins(step).length > 0,
    );
    const nothing = "there was no deploy of a moved tag, or none pinned to the old digest";
    if (fresh.length === 0 || pinned.length === 0) return compose([], nothing);
    return compose(
      [
        ...fresh.flatMap((step) => isPulled(history, step)),
        ...pinned.flatMap((step) => [withoutLayers(history, step), ...staysPinned(history, step)]),
      ],
      nothing,
      () =>
        `${ids(fresh)} downloaded and runs the new digest, ${ids(pinned)} runs the old one and downloaded nothing`,
    );
  },
};

function ids(steps: readonly StepHistory[]): string {
  return steps.map(({ plan }) => plan.id).join(", ");
}

function pins(step: StepHistory<DeployStep>) {
  return Object.values(step.plan.images).filter(({ pin }) => pin);
}

function staysPinned(history: History, step: StepHistory<DeployStep>): Finding[] {
  return pins(step).map((image) => {
    const published = publishedAs(history, step, image);
    return published === undefined
      ? inconclusive(
          `the digest that ${step.plan.id} is pinned to is unknown`,
          sequence(step.invoke),
          lookAgain,
        )
      : runsDigest(step, image.repository, published.data.digest);
  });
}

function isPulled(history: History, step: StepHistory<DeployStep>): Finding[] {
  const moved = stepBefore(history, step, "publish");
  const published = moved && publishedAs(history, step, moved.plan.image);
  if (moved === undefined || published === undefined || !endedOk(moved))
    return [
      inconclusive(`no new image was published before ${step.plan.id}`, sequence(step.invoke), lookAgain),
    ];
  if (!endedOk(step)) return [inconclusive(endOf(step), sequence(step.invoke, step.outcome), deployRemedy)];
  const runs = runsDigest(step, moved.plan.image.repository, published.data.digest);
  return [runs, fetchesNewLayers(history, step, published)];
}

/** The layers that only the new image has must all have come from the hub. */
function fetchesNewLayers(
  history: History,
  step: StepHistory<DeployStep>,
  published: NonNullable<ReturnType<typeof publishedAs>>,
): Finding {
  const traffic = layerTraffic(history, step);
  const others = history.published.filter(
    ({ host, data }) => host === step.host && data.digest !== published.data.digest,
  );
  const known = new Set(others.flatMap(({ data }) => data.layers.map(({ digest }) => digest)));
  const fresh = published.data.layers.filter(({ digest }) => !known.has(digest));
  const fetched = new Set(layerRequests(step).map(({ data }) => data.digest ?? data.reference));
  const unfetched = fresh.filter(({ digest }) => !fetched.has(digest));
  const evidence = merge(sequence(published), traffic.evidence);
  if (fresh.length === 0)
    return inconclusive("the newly published image has no layer of its own", evidence, lookAgain);
  if (traffic.agreed === "some" && unfetched.length === 0)
    return pass(`${step.plan.id} downloaded ${sizeOf(traffic)}`, evidence);
  if (traffic.agreed === "none")
    return fail(
      `${step.plan.id} downloaded nothing of the newly published image`,
      evidence,
      "deploy with `--resolve-image always`, and look for a mirror or a switch that prefers local images (G3)",
    );
  return inconclusive(
    `${step.plan.id} fetched ${fresh.length - unfetched.length} of ${count(fresh.length, "new layer")}: ${traffic.says}`,
    evidence,
    lookAgain,
  );
}
