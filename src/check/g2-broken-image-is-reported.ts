import type { DeployStep } from "../model/plan.ts";
import { familiar, parseReference, shortDigest } from "../model/reference.ts";
import { type Checker, compose, type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type History, publishedAs, type StepHistory, sequence, stepsThat } from "./history.ts";
import { list } from "./units.ts";

/** G2. What the registry no longer serves, or serves broken, must be seen by whoever deploys. */
export const brokenImageIsReported: Checker = {
  id: "G2",
  expected:
    "a deploy whose image no longer resolves fails or warns by name; a deploy whose layer is broken at the registry fails, and the broken image does not enter the store",
  check(history) {
    const deploys = stepsThat(history, "deploy");
    const unresolvable = deploys.filter((step) => step.plan.expect === "unresolvable");
    const broken = deploys.filter((step) => step.plan.expect === "broken");
    const nothing = "there was no deploy of an image that does not resolve, or none of a broken one";
    if (unresolvable.length === 0 || broken.length === 0) return compose([], nothing);
    return compose(
      [
        ...unresolvable.map((step) => reported(history, step)),
        ...broken.map((step) => refused(history, step)),
      ],
      nothing,
    );
  },
};

function reported(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan, outcome } = step;
  const struck = struckRepositories(history, step);
  const evidence = evidenceOf(step);
  if (struck.length === 0 || outcome === undefined || outcome.data.status === "info") return unproven(step);
  if (outcome.data.status === "fail") return pass(`${plan.id} failed, as it must`, evidence);
  const unnamed = struck.filter(
    (repository) => !outcome.data.warnings.some((warning) => warning.includes(familiar(repository))),
  );
  if (unnamed.length === 0) return pass(`${plan.id} warned about ${list(struck)}`, evidence);
  return fail(
    `${plan.id} ended ok without a word about ${list(unnamed)}, which does not resolve: the cache masked it`,
    evidence,
    "treat a reference that does not resolve as an error: `docker stack deploy` only warns, and exits 0",
  );
}

function refused(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan, outcome, after } = step;
  const evidence = [...evidenceOf(step), ...sequence(after.images)];
  const images = Object.values(plan.images).map((image) => publishedAs(history, step, image)?.data.digest);
  if (
    struckRepositories(history, step).length === 0 ||
    outcome === undefined ||
    outcome.data.status === "info"
  )
    return unproven(step);
  if (outcome.data.status === "ok")
    return fail(
      `${plan.id} ended ok although a layer of its image is broken at the registry: the cache masked it`,
      evidence,
      "find out where the engine had the image from: the ledger shows what the hub sent",
    );
  if (after.images === undefined || images.length === 0 || images.includes(undefined))
    return inconclusive(`whether the broken image of ${plan.id} was stored is unknown`, evidence, lookAgain);
  const stored = after.images.data.images.flatMap(({ id, digests }) => [
    id,
    ...digests.map((name) => parseReference(name).digest),
  ]);
  const kept = images.flatMap((digest) =>
    digest !== undefined && stored.includes(digest) ? [shortDigest(digest)] : [],
  );
  if (kept.length > 0)
    return fail(
      `${plan.id} failed, but the broken image is in the store (${list(kept)})`,
      evidence,
      "remove the image from the host, and report this to the engine's maintainers",
    );
  return pass(`${plan.id} failed, as it must, and the broken image was not stored`, evidence);
}

/** Repositories whose requests in this step a fault answered. */
function struckRepositories(history: History, step: StepHistory): string[] {
  const faults = stepsThat(history, "fault").filter(({ invoke }) => invoke.seq < step.invoke.seq);
  const faulty = new Set(faults.map(({ plan }) => parseReference(plan.image.repository).repository));
  const struck = step.requests.flatMap(({ data }) =>
    data.fault !== null && data.repository !== null && faulty.has(data.repository) ? [data.repository] : [],
  );
  return [...new Set(struck)];
}

function unproven(step: StepHistory): Finding {
  return inconclusive(
    `the fault did not strike ${step.plan.id}, or how it ended is unknown`,
    evidenceOf(step),
    "make sure that the deploy asks the hub for the image that the fault is on",
  );
}

function evidenceOf(step: StepHistory): number[] {
  return sequence(step.invoke, ...step.requests.filter(({ data }) => data.fault !== null), step.outcome);
}
