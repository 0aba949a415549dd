import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { App } from "./deployer.ts";
import type { RecipeSecret } from "./recipe.ts";

/** Makes the recipe's secrets that do not exist yet, with random values that are stored nowhere else. */
export async function createSecrets(docker: Docker, app: App): Promise<void> {
  for (const secret of await missingSecrets(docker, app)) {
    const value = randomBytes(secret.length).toString("hex").slice(0, secret.length);
    await docker.createSecret({ Name: nameOf(app, secret), Data: Buffer.from(value).toString("base64") });
  }
}

/** The recipe's secrets that do not exist yet. */
export async function missingSecrets(docker: Docker, app: App): Promise<RecipeSecret[]> {
  const present = new Set((await presentSecrets(docker, app)).map(({ Spec }) => Spec?.Name));
  return app.recipe.secrets.filter((secret) => !present.has(nameOf(app, secret)));
}

/** Removes the recipe's secrets, whoever made them. */
export async function removeSecrets(docker: Docker, app: App): Promise<void> {
  const present = await presentSecrets(docker, app);
  await Promise.all(present.map(({ ID }) => docker.getSecret(ID).remove()));
}

/** By their whole names: the engine's filter also lets through those of a stack whose name begins alike. */
async function presentSecrets(docker: Docker, app: App): Promise<Docker.Secret[]> {
  const alike = await docker.listSecrets({ filters: { name: [`${app.stack}_`] } });
  const names = new Set(app.recipe.secrets.map((secret) => nameOf(app, secret)));
  return alike.filter(({ Spec }) => names.has(Spec?.Name ?? ""));
}

function nameOf(app: App, secret: RecipeSecret): string {
  return `${app.stack}_${secret.name}_${secret.version}`;
}
