import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { App } from "./deployer.ts";

/** Makes the recipe's secrets that do not exist yet, with random values that are stored nowhere else. */
export async function createSecrets(docker: Docker, app: App): Promise<void> {
  const present = await docker.listSecrets({ filters: { name: [`${app.stack}_`] } });
  const names = new Set(present.map((secret) => secret.Spec?.Name));
  for (const secret of app.recipe.secrets) {
    const name = `${app.stack}_${secret.name}_${secret.version}`;
    if (names.has(name)) continue;
    const value = randomBytes(secret.length).toString("hex").slice(0, secret.length);
    await docker.createSecret({ Name: name, Data: Buffer.from(value).toString("base64") });
  }
}
