import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecResult, Host } from "../host/host.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { type App, type Deployer, type DeployRequest, type Outcome, plainOutcome } from "./deployer.ts";
import { copyToHost, envFile, folderOf, overrides, overridesFile } from "./files.ts";
import { createSecrets } from "./secrets.ts";
import { resolutionWarnings, settle } from "./settle.ts";
import { finishTeardown } from "./teardown.ts";

const run = promisify(execFile);

/** Where the binary lies on the host under test. */
const folderOfBinary = (host: Host) => `${host.folder}/bin`;
const binaryOn = (host: Host) => `${folderOfBinary(host)}/abra`;

/**
 * The real abra, run on the host itself with a folder (`ABRA_DIR`) of its own for each app, so that no state is
 * shared. Only commands and files that public uses of abra show are relied on; whether abra sends registry
 * credentials is not asked, the hub's ledger tells.
 */
export class AbraDeployer implements Deployer {
  readonly name = "abra";
  readonly choosesAuth = false;
  readonly #local: string;
  readonly #installed = new WeakSet<Host>();

  /** `local` is the path of the binary on this machine. */
  constructor(local: string) {
    this.#local = local;
  }

  async version(host: Host): Promise<string> {
    await this.#install(host);
    const { exitCode, stdout, stderr } = await host.exec([binaryOn(host), "--version"]);
    const found = /^abra version (\S+)/m.exec(stdout)?.[1];
    if (exitCode === 0 && found !== undefined) return found;
    throw new Failure(ExitCode.unavailable, {
      what: "what is named as abra does not answer like abra",
      seen: `${this.#local} --version: code ${exitCode}, ${`${stdout}${stderr}`.trim()}`,
      next: "name the right binary in ABRA, or deploy without it: --deployer stack",
    });
  }

  async deploy(host: Host, request: DeployRequest): Promise<Outcome> {
    const { app } = request;
    const { recipe, domain } = app;
    const composeFiles = `compose.yml:${overridesFile}`;
    await copyToHost(host, app, `recipes/${recipe.name}`, async (folder) => {
      const checkout = join(folder, "recipes", recipe.name);
      await writeFile(join(checkout, overridesFile), overrides(request.images));
      await commit(checkout);
      const server = join(folder, "servers", "default");
      await mkdir(server, { recursive: true });
      const env = { ...recipe.env, TYPE: recipe.name, DOMAIN: domain, COMPOSE_FILE: composeFiles };
      await writeFile(join(server, `${domain}.env`), envFile(env));
    });
    await createSecrets(host.docker, app);
    // No prompts, no wait of abra's own, the checkout as it is, no look at the network's catalogue or the domain.
    const result = await this.#abra(host, app, ["app", "deploy", domain, "-n", "-c", "-C", "-o", "-D"]);
    const output = `${result.stdout}${result.stderr}`.trim();
    return settle(host, request, { warnings: resolutionWarnings(output), output }, fatal(result));
  }

  async teardown(host: Host, app: App): Promise<Outcome> {
    const message = fatal(await this.#abra(host, app, ["app", "undeploy", app.domain, "-n"]));
    if (message !== null) return plainOutcome("fail", message);
    return finishTeardown(host.docker, app);
  }

  #abra(host: Host, app: App, command: string[]): Promise<ExecResult> {
    return host.exec([binaryOn(host), ...command], { ABRA_DIR: folderOf(host, app) });
  }

  async #install(host: Host): Promise<void> {
    if (this.#installed.has(host)) return;
    const folder = await mkdtemp(join(tmpdir(), "pullproof-"));
    try {
      await cp(this.#local, join(folder, "abra"));
      await host.copyIn(folder, folderOfBinary(host));
    } finally {
      await rm(folder, { recursive: true });
    }
    this.#installed.add(host);
  }
}

/** abra ends its errors with a line that begins with FATA, and with a code other than 0. */
function fatal({ exitCode, stdout, stderr }: ExecResult): string | null {
  const line = `${stdout}${stderr}`.split("\n").find((candidate) => candidate.startsWith("FATA"));
  if (exitCode === 0 && line === undefined) return null;
  return `abra ended with code ${exitCode}: ${line ?? stderr.trim()}`;
}

/**
 * abra takes a recipe from a git checkout, and refuses one with changes that are not committed. Neither the
 * user's git settings (signatures, ignored files) nor the variables that git sets in a hook have a say here.
 */
async function commit(checkout: string): Promise<void> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = { ...Object.fromEntries(own), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const git = (...words: string[]) => run("git", ["-C", checkout, ...words], { env });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  const author = ["-c", "user.name=pullproof", "-c", "user.email=pullproof@localhost"];
  await git(...author, "commit", "--quiet", "--message=recipe under test");
}
