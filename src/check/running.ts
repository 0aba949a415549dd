import { parseReference, shortDigest } from "../model/reference.ts";
import { type Finding, fail, inconclusive, lookAgain, pass } from "./checker.ts";
import { type StepHistory, sequence } from "./history.ts";

/**
 * Whether the services on a repository run one digest after a deploy: by the service spec, and by the image that
 * the container was really made from.
 */
export function runsDigest(step: StepHistory, repository: string, digest: string): Finding {
  const { plan, outcome, after } = step;
  const evidence = sequence(step.invoke, outcome, after.images);
  const services = (outcome?.data.services ?? []).filter(
    ({ image }) => parseReference(image).repository === parseReference(repository).repository,
  );
  if (services.length === 0)
    return inconclusive(`${plan.id} shows no service on ${repository}`, evidence, lookAgain);
  for (const { name, image, imageId, running } of services) {
    const resolved = parseReference(image).digest;
    if (resolved !== digest)
      return fail(
        `after ${plan.id} the service ${name} names ${resolved === null ? "no digest" : shortDigest(resolved)} and not ${shortDigest(digest)}`,
        evidence,
        "deploy with `--resolve-image always`, so that the tag is asked for at the registry",
      );
    const stored = after.images?.data.images.find(({ id }) => id === imageId);
    if (!running || stored === undefined)
      return inconclusive(`after ${plan.id} it is unknown which image ${name} runs`, evidence, lookAgain);
    // The containerd image store gives an image its manifest's digest as ID.
    const known = [stored.id, ...stored.digests.map((name) => parseReference(name).digest)];
    if (!known.includes(digest))
      return fail(
        `after ${plan.id} the service ${name} names ${shortDigest(digest)}, but its container runs ${shortDigest(stored.id)}`,
        evidence,
        "look at the service's tasks: an old one may still be running",
      );
  }
  return pass(`after ${plan.id} ${repository} runs ${shortDigest(digest)}`, evidence);
}
