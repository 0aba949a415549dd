import { converge } from "../deploy/convergence.ts";
import type { App, Deployer, Outcome } from "../deploy/deployer.ts";
import { plainOutcome } from "../deploy/deployer.ts";
import { ofStack } from "../deploy/stack-objects.ts";
import type { ExecResult, Host, Restarted } from "../host/host.ts";
import type { Down, Fault } from "../hub/faults.ts";
import type { Hub } from "../hub/hub.ts";
import type { Body } from "../model/evidence.ts";
import type { DeployStep, ImageVariant, OutageName, PruneStep, RestartManner, Step } from "../model/plan.ts";
import type { FileSystem } from "../model/pressure.ts";
import { parseReference } from "../model/reference.ts";
import { machineState } from "../witness/machine.ts";
import { during } from "./activities.ts";
import { interrupt } from "./interruptions.ts";
import { fill } from "./pressure.ts";
import { age, bringUpToDate } from "./record-of-use.ts";
import { baseImage } from "./suite-settings.ts";

/** What steps act on. */
export interface StepContext {
  host: Host;
  hub: Hub;
  deployer: Deployer;
  app: App;
  interfaceName: string;
  dataRoot: string;
  /** The rate of the hub's line, as the run's settings say; null for unlimited. */
  bytesPerSecond: number | null;
  /** Pushes an image to the hub, and puts that into the evidence. */
  publish(image: ImageVariant): Promise<void>;
  /** What was published so far. */
  published: readonly Body<"published">[];
  /** Puts into the evidence what went on around a prune run. */
  witnessed(activity: Body<"activity">): void;
}

/** How long a swarm may take to bring an app back after its host did, in seconds; an emulated host takes long. */
const comeBackSeconds = 300;

/** Carries out one step. What goes wrong on the host is an outcome; what goes wrong in pullproof is thrown. */
export async function carryOut(context: StepContext, step: Step): Promise<Outcome> {
  switch (step.do) {
    case "pull":
      return pull(context.host, step.image);
    case "pull-variant":
      return pull(context.host, step.by === "digest" ? byDigest(context, step.image) : byTag(step.image));
    case "deploy":
      return deploy(context, step);
    case "teardown":
      return teardown(context, step.removeImages);
    case "prune":
      return prune(context, step);
    case "restart":
      return restart(context, step.manner);
    case "volatile-store":
      return script(context.host, volatileStoreScript);
    case "evict":
      await removeRecipeImages(context);
      return plainOutcome("ok");
    case "build":
      return script(context.host, buildScript, baseImage);
    case "create-container":
      return createContainer(context, step.image);
    case "age":
      await age(context.host, step.days);
      return plainOutcome("ok");
    case "fill":
      await fill(context.host, context.dataRoot, step.share, () => fileSystem(context));
      return plainOutcome("ok");
    case "reset":
      return reset(context.host);
    case "publish":
      await context.publish(step.image);
      return plainOutcome("ok");
    case "fault":
      context.hub.front.setFaults([faultOf(context, step)]);
      return plainOutcome("ok");
    case "outage":
      context.hub.front.setFaults([outageFaults[step.outage]]);
      return plainOutcome("ok");
    case "lift-faults":
      context.hub.front.setFaults([]);
      return plainOutcome("ok");
    case "interrupt":
      return interrupt(context, step);
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
  return image.pin ? `${byTag(image)}@${publishedVariant(context, image).digest}` : byTag(image);
}

const byTag = ({ repository, tag }: ImageVariant) => `${repository}:${tag}`;
const byDigest = (context: StepContext, image: ImageVariant) =>
  `${image.repository}@${publishedVariant(context, image).digest}`;

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

/** Starts the host anew. */
async function restart(context: StepContext, manner: RestartManner): Promise<Outcome> {
  const { host, app } = context;
  const { length: running } = await host.docker.listServices({ filters: ofStack(app.stack) });
  return cameBack(context, running > 0, await host.restart(manner));
}

/** How the restart of a host ends that is up again. Where the app ran, its swarm has to bring it back. */
export async function cameBack(
  { host, app }: Pick<StepContext, "host" | "app">,
  ran: boolean,
  { problem, output }: Restarted,
): Promise<Outcome> {
  if (problem !== null) return { ...plainOutcome("fail", problem), output };
  if (!ran) return { ...plainOutcome("ok"), output };
  const found = await converge(host.docker, app.stack, comeBackSeconds);
  return {
    ...plainOutcome(found.problem === null ? "ok" : "fail", found.problem),
    services: found.services,
    output,
  };
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

async function prune(context: StepContext, step: PruneStep): Promise<Outcome> {
  const run = () => context.host.exec(["sh", "-c", step.policy.command]);
  if (step.during === null) return pruned(await run());
  const { result, activity } = await during(context, { ...step, during: step.during }, run);
  context.witnessed(activity);
  return pruned(result);
}

function pruned({ exitCode, stdout, stderr }: ExecResult): Outcome {
  const output = lastLines(`${stdout}${stderr}`);
  if (exitCode === 0) return { ...plainOutcome("ok"), output, exitCode };
  const [said = ""] = `${stdout}${stderr}`.trim().split("\n");
  return { ...plainOutcome("fail", `ended with code ${exitCode}: ${said.slice(0, 300)}`), output, exitCode };
}

/** One layer of random bytes on the base image, without a name: the classic builder names nothing by itself. */
const buildScript = `
printf 'FROM %s\\nRUN head -c 1000000 /dev/urandom > /left-over\\n' "$1" |
  DOCKER_BUILDKIT=0 docker build --quiet --no-cache --network none -
`;

async function createContainer(context: StepContext, image: ImageVariant): Promise<Outcome> {
  return script(context.host, 'docker create "$1"', byDigest(context, image));
}

/**
 * A tmpfs on the engine's data root and on containerd's, now and after each boot. The swarm stays on the disk: without
 * it the host would not come back at all, and that is not what a lost image store looks like.
 */
const volatileStoreScript = `
systemctl stop docker.socket docker containerd
cp --archive /var/lib/docker/swarm /var/lib/docker-swarm
cat >> /etc/fstab <<END
tmpfs /var/lib/docker tmpfs size=1G 0 0
/var/lib/docker-swarm /var/lib/docker/swarm none bind,x-mount.mkdir 0 0
tmpfs /var/lib/containerd tmpfs size=1G 0 0
END
systemctl daemon-reload
mount --all
systemctl start docker
`;

/** Everything of the engine's but the swarm itself, and what prune policies keep of their own. */
const resetScript = `
docker ps --all --quiet | xargs --no-run-if-empty docker rm --force
# An image that others are built on goes in a later round; a round that removes nothing is the last.
images() { docker images --all --quiet | sort -u; }
while found=$(images) && [ -n "$found" ]; do
  docker rmi --force $found > /dev/null || [ "$(images)" != "$found" ]
done
docker builder prune --all --force
# The containerd store keeps what an interrupted pull has brought for as long as that pull's lease lasts: a day.
leases="ctr --address /var/run/docker/containerd/containerd.sock --namespace moby leases"
$leases list --quiet | xargs --no-run-if-empty --max-args 1 $leases delete --sync
rm -rf /var/lib/pullproof/state.json /root/.local/share/docuum
`;

async function reset(host: Host): Promise<Outcome> {
  const outcome = await script(host, resetScript);
  if (outcome.status === "ok") await bringUpToDate(host);
  return outcome;
}

async function script(host: Host, text: string, ...words: string[]): Promise<Outcome> {
  const { exitCode, stderr } = await host.exec(["sh", "-euc", text, "sh", ...words]);
  return exitCode === 0 ? plainOutcome("ok") : plainOutcome("fail", stderr.trim());
}

async function fileSystem({ host, interfaceName, dataRoot }: StepContext): Promise<FileSystem> {
  return (await machineState(host, interfaceName, dataRoot)).fileSystem;
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
  const where = { id: step.fault, on: "blob", repository, reference: layer.digest } as const;
  if (step.fault === "broken-layer") return { ...where, kind: "corrupt" };
  // Every answer is cut: only a client that goes on where it was cut off gets to the end.
  return { ...where, kind: "truncate", bytes: Math.ceil(layer.bytes / 2) };
}

const outageFaults: Record<OutageName, Fault | Down> = {
  down: { id: "down", kind: "down" },
  "rate-limited": { id: "rate-limited", kind: "status", on: "manifest", status: 429 },
  "spent-budget": { id: "spent-budget", kind: "toomanyrequests" },
};
