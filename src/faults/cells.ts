import type { FaultCase } from "../../suites/faults.ts";
import { layerRequests } from "../check/bytes.ts";
import { compose, type Finding, fail, inconclusive, lookAgain, pass } from "../check/checker.ts";
import { shortfall } from "../check/completeness.ts";
import {
  endedOk,
  endOf,
  type History,
  ledgerGaps,
  ofScenarios,
  publishedAs,
  type StepHistory,
  sequence,
} from "../check/history.ts";
import { deployRemedy, withoutLayers } from "../check/redeploy.ts";
import { runsDigest } from "../check/running.ts";
import { count, formatBytes } from "../check/units.ts";
import { ExitCode } from "../model/failure.ts";
import type { DeployStep, ImageVariant, InterruptStep } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";
import type { VerdictWord } from "../model/verdict.ts";

/** What came of one fault. */
export interface FaultCell {
  outcome: "as expected" | "not as expected" | "cannot be told";
  /** What happened, in one sentence. */
  happened: string;
  /** Layers of which the hub sent more than one copy; null where that is not known. */
  again: Again | null;
  /** Sequence numbers of the evidence that this rests on. */
  evidence: number[];
}

/** 0 when every outcome is as expected, 1 when one is not; else one cannot be told, which is no success. */
export function exitCodeOf(cells: readonly FaultCell[]): ExitCode {
  const outcomes = new Set(cells.map(({ outcome }) => outcome));
  if (outcomes.has("not as expected")) return ExitCode.fail;
  return outcomes.size === 0 || outcomes.has("cannot be told") ? ExitCode.inconclusive : ExitCode.pass;
}

/** What was sent again: how many layers, and how many bytes beyond one copy of each. */
export interface Again {
  layers: number;
  bytes: number;
}

/** Reads what came of a fault from the evidence. Pure; no evidence is never "as expected". */
export function cellOf(history: History, { fault, scenario }: FaultCase): FaultCell {
  const own = ofScenarios(history, ({ id }) => id === scenario.id);
  const missing = shortfall(history, [scenario]);
  const findings = own.steps.map((step) => judge(own, step));
  if (missing !== null) findings.push(inconclusive(missing, [], lookAgain));
  if (scenario.steps.some((step) => step.do === "fault" || step.do === "outage")) findings.push(struck(own));
  const { verdict, found, evidence } = compose(findings, `${fault} did not take place`, (passes) =>
    passes
      .map((finding) => finding.found)
      .filter((sentence) => sentence !== "")
      .join("; "),
  );
  return { outcome: words[verdict], happened: found, again: sentAgain(own), evidence };
}

const words: Record<VerdictWord, FaultCell["outcome"]> = {
  pass: "as expected",
  fail: "not as expected",
  error: "cannot be told",
  inconclusive: "cannot be told",
  skipped: "cannot be told",
};

function judge(history: History, step: StepHistory): Finding {
  switch (step.plan.do) {
    case "interrupt":
      return interrupted(step as StepHistory<InterruptStep>);
    case "deploy":
      return deployed(history, step as StepHistory<DeployStep>);
    default:
      // What only prepares or tidies up: of it there is nothing to tell unless it failed.
      return endedOk(step)
        ? pass("", sequence(step.outcome))
        : inconclusive(endOf(step), sequence(step.invoke, step.outcome), lookAgain);
  }
}

function interrupted(step: StepHistory<InterruptStep>): Finding {
  const requests = layerRequests(step);
  const evidence = sequence(step.invoke, step.activity, ...requests, step.outcome);
  if (step.outcome?.data.status === "fail") return fail(endOf(step), evidence, deployRemedy);
  const whole = requests.filter(({ data }) => data.complete).length;
  if (!endedOk(step) || step.activity?.data.before !== true || whole === requests.length)
    return inconclusive(
      `no pull was seen to be interrupted: ${endedOk(step) ? (step.activity?.data.detail ?? "nobody looked") : endOf(step)}`,
      evidence,
      lookAgain,
    );
  return pass(
    `with ${whole} of ${count(requests.length, "layer")} come whole ${step.activity.data.detail}`,
    evidence,
  );
}

function deployed(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan, outcome } = step;
  const evidence = sequence(step.invoke, outcome);
  if (outcome === undefined || outcome.data.status === "info")
    return inconclusive(endOf(step), evidence, lookAgain);
  if (plan.expect === "refused") return refused(history, step);
  if (!endedOk(step)) return fail(endOf(step), evidence, deployRemedy);
  const wrong = Object.values(plan.images)
    .map((image) => runs(history, step, image))
    .find(({ verdict }) => verdict !== "pass");
  if (wrong !== undefined) return wrong;
  if (plan.expect !== "cached") return pass(`${plan.id} came up`, evidence);
  const finding = withoutLayers(history, step);
  if (finding.verdict !== "pass") return finding;
  const byTag = outcome.data.services.every(({ image }) => parseReference(image).digest === null);
  const how = byTag ? ", its services named by tag and not by digest" : "";
  return { ...finding, found: `${plan.id} came up without a layer${how}` };
}

/** Whether the service runs what the hub was given, and not what a broken pull has left. */
function runs(history: History, step: StepHistory<DeployStep>, image: ImageVariant): Finding {
  const digest = publishedAs(history, step, image)?.data.digest;
  if (digest !== undefined) return runsDigest(step, image.repository, digest);
  return inconclusive(`what ${step.plan.id} had to run is not known`, sequence(step.invoke), lookAgain);
}

/** A deploy that has to fail although nothing is missing: anything missing would be another reason to fail. */
function refused(history: History, step: StepHistory<DeployStep>): Finding {
  const { plan, outcome, before } = step;
  const evidence = sequence(step.invoke, before.images, ...faulty(step), outcome);
  if (endedOk(step))
    return fail(
      `${plan.id} came up, although the hub said nothing about its images`,
      evidence,
      "find out where the engine knew the images from: its requests are in the evidence",
    );
  if (!allLocal(history, step))
    return inconclusive(`whether every image was local before ${plan.id} is not known`, evidence, lookAgain);
  const down = outcome?.data.services.filter(({ running }) => !running) ?? [];
  if (down.length === 0 || down.some(({ image }) => parseReference(image).digest !== null))
    return inconclusive(`${plan.id} failed for another reason: ${endOf(step)}`, evidence, deployRemedy);
  const said = outcome?.data.warnings.length === 0 ? ", of which the deploy's own output says nothing," : "";
  return pass(
    `every layer was local, and still ${plan.id} failed (${outcome?.data.message ?? "no reason given"}), because without an answer from the hub${said} the service names the tag, and the store has only the digest`,
    evidence,
  );
}

/** Whether the store held every image of the recipe right before a step. */
function allLocal(history: History, step: StepHistory<DeployStep>): boolean {
  const images = step.before.images?.data.images.flatMap(({ id, digests }) => [
    id,
    ...digests.map((name) => parseReference(name).digest),
  ]);
  const { recipeImages } = history.environments.find(({ host }) => host === step.host)?.data ?? {};
  const named = Object.values(recipeImages ?? {}).map((name) => {
    const { repository, tag } = parseReference(name);
    return publishedAs(history, step, { repository, tag: tag ?? "latest", variant: "a" })?.data;
  });
  if (images === undefined || named.length === 0) return false;
  return named.every(
    (one) => one !== undefined && (images.includes(one.digest) || images.includes(one.config)),
  );
}

const faulty = (step: StepHistory) => step.requests.filter(({ data }) => data.fault !== null);

/** Whether the hub's fault met a request of the host's at all. */
function struck(history: History): Finding {
  const hit = history.steps.filter(({ plan }) => plan.do === "deploy").flatMap(faulty);
  if (hit.length === 0) return inconclusive("the fault met no request of the host's", [], lookAgain);
  const layers = hit.filter(({ data }) => data.media === "layer");
  const found = layers
    .map(({ data }) => `the connection was cut after ${formatBytes(data.bytes)} of a layer`)
    .join("; ");
  return pass(found, sequence(...hit));
}

function sentAgain(history: History): Again | null {
  if (history.steps.length === 0 || history.steps.some((step) => ledgerGaps(step).length > 0)) return null;
  const host = history.steps[0]?.host;
  const sizes = new Map(
    history.published
      .filter((entry) => entry.host === host)
      .flatMap(({ data }) => data.layers.map(({ digest, bytes }) => [digest, bytes] as const)),
  );
  const byLayer = Map.groupBy(
    history.steps.flatMap(layerRequests),
    ({ data }) => data.digest ?? data.reference ?? "",
  );
  const again: Again = { layers: 0, bytes: 0 };
  for (const [digest, requests] of byLayer) {
    const size = sizes.get(digest);
    if (size === undefined) return null;
    const more = requests.reduce((sum, { data }) => sum + data.bytes, 0) - size;
    if (more <= 0) continue;
    again.layers += 1;
    again.bytes += more;
  }
  return again;
}
