import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { AbraBinary } from "./abra-binary.ts";
import { type AbraCallOptions, type AbraEnd, callAbra } from "./abra-call.ts";
import { makeCheckout } from "./abra-checkout.ts";
import { appEnv } from "./abra-env.ts";
import { versionIn } from "./abra-output.ts";
import { standing } from "./convergence.ts";
import { type App, type Deployer, type DeployRequest, type Outcome, plainOutcome } from "./deployer.ts";
import { copyToHost, folderOf, overrides, overridesFile } from "./files.ts";
import { missingSecrets } from "./secrets.ts";
import { resolutionWarnings, settle } from "./settle.ts";
import { leftOf } from "./stack-objects.ts";
import { finishTeardown } from "./teardown.ts";

/** How long abra may take to tell its version or to make secrets, in seconds. */
const briefSeconds = 60;

/** How long abra may take for all that comes before its wait for the stack, in seconds. */
const deployGraceSeconds = 30;

/** How long abra may take to have a stack removed, in seconds; waiting until it is gone comes after that. */
const undeploySeconds = 120;

/**
 * The real abra, run on the host itself with a folder (`ABRA_DIR`) of its own for each app, so that no state is
 * shared. Only commands and files that public uses of abra show are relied on (docs/abra.md); whether abra sends
 * registry credentials is not asked, the evidence tells.
 */
export class AbraDeployer implements Deployer {
  readonly name = "abra";
  readonly choosesAuth = false;
  readonly #binary: AbraBinary;

  constructor(binary: AbraBinary) {
    this.#binary = binary;
  }

  async version(host: Host): Promise<string> {
    const { failure, output } = await callAbra(host, await this.#binary.on(host), ["--version"], {
      seconds: briefSeconds,
    });
    const version = failure === null ? versionIn(output) : null;
    if (version !== null) return version;
    throw new Failure(ExitCode.unavailable, {
      what: "what is named as abra does not answer like abra",
      seen: `${this.#binary.title} --version: ${failure ?? output}`,
      next: "name the right binary in ABRA, or deploy without it: --deployer stack",
    });
  }

  async deploy(host: Host, request: DeployRequest): Promise<Outcome> {
    const { app, timeoutSeconds } = request;
    await bringFiles(host, request);
    const noSecrets = await this.#generateSecrets(host, app);
    if (noSecrets !== null) return noSecrets;
    // No prompts; the checkout as it is, without a choice of abra's between its tags; no look at the network's
    // catalogue, which the interface would count, or at the domain.
    const words = ["app", "deploy", app.domain, "-n", "-C", "-o", "-D"];
    const end = await this.#abra(host, app, words, { seconds: timeoutSeconds + deployGraceSeconds });
    const said = { warnings: resolutionWarnings(end.output), output: end.output };
    if (end.failure === null) return settle(host, request, said, null);
    return { ...(await notDeployed(host, app, end.ended, end.failure)), ...said };
  }

  async teardown(host: Host, app: App): Promise<Outcome> {
    // abra refuses to undeploy what is not there, as after a deploy that it refused.
    if ((await leftOf(host.docker, app.stack)).length > 0) {
      const end = await this.#abra(host, app, ["app", "undeploy", app.domain, "-n"], {
        seconds: undeploySeconds,
      });
      if (end.failure !== null) return plainOutcome(end.ended === "itself" ? "fail" : "info", end.failure);
    }
    return finishTeardown(host.docker, app);
  }

  /** Lets abra make the secrets that do not exist yet; null when they all do then. */
  async #generateSecrets(host: Host, app: App): Promise<Outcome | null> {
    if ((await missingSecrets(host.docker, app)).length === 0) return null;
    const words = ["app", "secret", "generate", "-a", app.domain];
    const { failure, ended } = await this.#abra(host, app, words, { seconds: briefSeconds, secret: true });
    if (failure !== null) return plainOutcome(ended === "itself" ? "fail" : "info", `secrets: ${failure}`);
    const missing = await missingSecrets(host.docker, app);
    if (missing.length === 0) return null;
    return plainOutcome("fail", `abra made no secret ${missing.map(({ name }) => name).join(", ")}`);
  }

  async #abra(host: Host, app: App, words: string[], options: AbraCallOptions): Promise<AbraEnd> {
    const abraDir = folderOf(host, app);
    return callAbra(host, await this.#binary.on(host), words, { abraDir, ...options });
  }
}

/** Puts the recipe and the app where abra looks for them. Throws a Failure for a recipe or a value that it cannot take. */
function bringFiles(host: Host, { app, images, timeoutSeconds }: DeployRequest): Promise<void> {
  const { recipe, domain } = app;
  return copyToHost(host, app, `recipes/${recipe.name}`, async (folder) => {
    const checkout = join(folder, "recipes", recipe.name);
    await writeFile(join(checkout, overridesFile), overrides(images));
    await makeCheckout(recipe.folder, checkout);
    const server = join(folder, "servers", "default");
    await mkdir(server, { recursive: true });
    const env = {
      ...recipe.env,
      TYPE: recipe.name,
      DOMAIN: domain,
      COMPOSE_FILE: `compose.yml:${overridesFile}`,
      TIMEOUT: String(Math.ceil(timeoutSeconds)),
    };
    const sample = await readFile(join(checkout, ".env.sample"), "utf8").catch(() => "");
    await writeFile(join(server, `${domain}.env`), appEnv(sample, env));
  });
}

/**
 * How a deploy ends that abra did not end well. What it had applied by then stays applied, so the stack is part of the
 * answer: where abra was ended because the services were not up in time, that is known, and else nothing is.
 */
async function notDeployed(host: Host, app: App, ended: AbraEnd["ended"], failure: string): Promise<Outcome> {
  const { problem, services } = await standing(host.docker, app.stack);
  const notUp = problem !== null && services.length > 0;
  const known = ended === "itself" || (ended === "limit" && notUp);
  const message = `${failure}; the stack then: ${problem ?? "every service is up"}`;
  return { ...plainOutcome(known ? "fail" : "info", message), services };
}
