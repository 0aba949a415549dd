import type { App, Deployer, Outcome } from "../deploy/deployer.ts";
import { plainOutcome } from "../deploy/deployer.ts";
import type { Host } from "../host/host.ts";
import type { Fault } from "../hub/faults.ts";
import type { Hub } from "../hub/hub.ts";
import type { Body } from "../model/evidence.ts";
import type { DeployStep, ImageVariant, Policy, Step } from "../model/plan.ts";
import { parseReference } from "../model/reference.ts";
import { planPrune } from "../policy/reference.ts";
import { machineState } from "../witness/machine.ts";

/** What steps act on. */
export interface StepContext {
  host: Host;
  hub: Hub;
  deployer: Deployer;
  app: App;
  interfaceName: string;
  dataRoot: string;
  /** Pushes an image to the hub, and puts that into the evidence. */
  publish(image: ImageVariant): Promise<void>;
  /** What was published so far. */
  published: readonly Body<"published">[];
}

/** Carries out one step. What goes wrong on the host is an outcome; what goes wrong in pullproof is thrown. */
export async function carryOut(context: StepContext, step: Step): Promise<Outcome> {
  switch (step.do) {
    case "pull":
      return pull(context.host, step.image);
    case "deploy":
      return deploy(context, step);
    case "teardown":
      return teardown(context, step.removeImages);
    case "prune":
      return prune(context, step.policy);
    case "restart":
      await context.host.restart();
      return plainOutcome("ok");
    case "evict":
      await removeRecipeImages(context);
      return plainOutcome("ok");
    case "publish":
      await context.publish(step.image);
      return plainOutcome("ok");
    case "fault":
      context.hub.front.setFaults([faultOf(context, step)]);
      return plainOutcome("ok");
  }
}

async function pull(host: Host, image: string): Promise<Outcome> {
  const { exitCode, stderr } = await host.exec(["docker", "pull", "--quiet", image]);
  return exitCode === 0 ? plainOutcome("ok") : plainOutcome("fail", `docker pull ${image}: ${stderr.trim()}`);
}

async function deploy(context: StepContext, step: DeployStep): Promise<Outcome> {
  const { host, deployer, app } = context;
  const images = Object.fromEntries(
    Object.entries(step.images).map(([service, image]) => [service, referenceTo(context, image)]),
  );
  if (step.prepull) {
    for (const image of Object.values({ ...app.recipe.images, ...images })) {
      const pulled = await pull(host, image);
      if (pulled.status !== "ok") return pulled;
    }
  }
  return deployer.deploy(host, {
    app,
    images,
    registryAuth: step.registryAuth,
    timeoutSeconds: step.timeoutSeconds,
  });
}

function referenceTo(context: StepContext, image: ImageVariant & { pin: boolean }): string {
  const name = `${image.repository}:${image.tag}`;
  return image.pin ? `${name}@${publishedVariant(context, image).digest}` : name;
}

function publishedVariant(context: StepContext, image: ImageVariant): Body<"published"> {
  const found = context.published.find(
    (candidate) =>
      candidate.repository === image.repository &&
      candidate.tag === image.tag &&
      candidate.variant === image.variant,
  );
  if (found === undefined)
    throw new Error(`the plan names an image that it did not publish: ${JSON.stringify(image)}`);
  return found;
}

async function teardown(context: StepContext, removeImages: boolean): Promise<Outcome> {
  const outcome = await context.deployer.teardown(context.host, context.app);
  if (removeImages && outcome.status === "ok") await removeRecipeImages(context);
  return outcome;
}

/** Removes the images of the recipe's repositories by ID, as `docker rmi` does. */
async function removeRecipeImages({ host, app }: StepContext): Promise<void> {
  const repositories = new Set(
    Object.values(app.recipe.images).map((name) => parseReference(name).repository),
  );
  for (const image of await host.docker.listImages()) {
    const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])];
    if (names.some((name) => repositories.has(parseReference(name).repository))) {
      await host.docker.getImage(image.Id).remove({ force: true });
    }
  }
}

async function prune({ host, interfaceName, dataRoot }: StepContext, policy: Policy): Promise<Outcome> {
  if (policy.command === null) {
    const { fileSystem } = await machineState(host, interfaceName, dataRoot);
    const plan = planPrune(fileSystem);
    return {
      ...plainOutcome(plan.sufficient ? "ok" : "fail", plan.sufficient ? null : plan.reason),
      output: plan.reason,
    };
  }
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-c", policy.command]);
  const output = lastLines(`${stdout}${stderr}`);
  if (exitCode === 0) return { ...plainOutcome("ok"), output };
  return { ...plainOutcome("fail", `the prune command ended with code ${exitCode}`), output };
}

/** As much of a tool's output as a report has room for. */
function lastLines(output: string): string {
  return output.trim().split("\n").slice(-20).join("\n");
}

function faultOf(context: StepContext, step: Extract<Step, { do: "fault" }>): Fault {
  const { repository, tag } = step.image;
  if (step.fault === "vanished-tag") return { id: step.fault, kind: "vanished", repository, reference: tag };
  // The top layer is the variant's own; those below it are in the store already and would not be asked for.
  const layer = publishedVariant(context, step.image).layers.at(-1);
  if (layer === undefined) throw new Error(`${repository}:${tag} has no layer to break`);
  return { id: step.fault, kind: "corrupt", on: "blob", repository, reference: layer.digest };
}
