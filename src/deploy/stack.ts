import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { type App, type Deployer, type DeployRequest, type Outcome, plainOutcome } from "./deployer.ts";
import { copyToHost, envFile, folderOf, overrides, overridesFile } from "./files.ts";
import { createSecrets } from "./secrets.ts";
import { resolutionWarnings, settle } from "./settle.ts";
import { finishTeardown } from "./teardown.ts";

/** `docker stack deploy` of a recipe, in the environment that abra would give it, digest resolution always on. */
export class StackDeployer implements Deployer {
  readonly name = "stack";
  readonly choosesAuth = true;

  async version(host: Host): Promise<string> {
    const { stdout } = await host.exec(["docker", "version", "--format", "{{.Client.Version}}"]);
    return stdout.trim();
  }

  async deploy(host: Host, request: DeployRequest): Promise<Outcome> {
    const { app } = request;
    const env = { ...app.recipe.env, DOMAIN: app.domain, STACK_NAME: app.stack };
    await copyToHost(host, app, ".", async (folder) => {
      await writeFile(join(folder, ".env"), envFile(env));
      await writeFile(join(folder, overridesFile), overrides(request.images));
    });
    await createSecrets(host.docker, app);
    const auth = request.registryAuth ? "--with-registry-auth" : "";
    const files = `-c compose.yml -c ${overridesFile}`;
    // abra exports the app's .env and then what the recipe's abra.sh exports.
    const script = `cd "$1" && set -a && . ./.env && { [ ! -f abra.sh ] || . ./abra.sh; } && exec docker stack deploy ${auth} --resolve-image always ${files} "$2"`;
    const { exitCode, stdout, stderr } = await host.exec([
      "bash",
      "-c",
      script,
      "deploy",
      folderOf(host, app),
      app.stack,
    ]);
    const said = { warnings: resolutionWarnings(stderr), output: `${stdout}${stderr}`.trim() };
    return settle(
      host,
      request,
      said,
      exitCode === 0 ? null : `docker stack deploy ended with code ${exitCode}`,
    );
  }

  async teardown(host: Host, app: App): Promise<Outcome> {
    const { exitCode, stderr } = await host.exec(["docker", "stack", "rm", app.stack]);
    if (exitCode !== 0) return plainOutcome("fail", `docker stack rm ended with code ${exitCode}: ${stderr}`);
    return finishTeardown(host.docker, app);
  }
}
