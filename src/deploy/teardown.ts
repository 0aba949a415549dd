import type Docker from "dockerode";
import { NotInTime, until } from "../until.ts";
import { type App, type Outcome, plainOutcome } from "./deployer.ts";
import { removeSecrets } from "./secrets.ts";
import { leftOf, ofStack } from "./stack-objects.ts";

const goneMs = 60_000;

/**
 * Waits until a removed stack is gone and then removes what outlives it: its volumes, and the secrets that the
 * recipe made outside the stack. The tools return before containers and networks are gone, and both a redeploy
 * and the removal of a volume fail if they come too soon.
 */
export async function finishTeardown(docker: Docker, app: App): Promise<Outcome> {
  try {
    await until(`the stack ${app.stack} is gone`, goneMs, async () => {
      const left = await leftOf(docker, app.stack);
      return left.length === 0 ? true : left.join(", ");
    });
  } catch (thrown) {
    if (!(thrown instanceof NotInTime)) throw thrown;
    return plainOutcome("fail", thrown.message);
  }
  const { Volumes: volumes } = await docker.listVolumes({ filters: ofStack(app.stack) });
  await Promise.all(volumes.map((volume) => docker.getVolume(volume.Name).remove()));
  await removeSecrets(docker, app);
  return plainOutcome("ok");
}
