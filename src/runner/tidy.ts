import type { App } from "../deploy/deployer.ts";
import { takenBy } from "../deploy/stack-objects.ts";
import { finishTeardown } from "../deploy/teardown.ts";
import type { Host } from "../host/host.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";

/**
 * Takes away whatever is left of the run's own stack; where the connection to the host is gone, over a new one. Throws a
 * Failure that says how to do so by hand.
 */
export async function tidy(
  host: Host,
  app: App,
  reopen: () => Promise<Host & AsyncDisposable>,
): Promise<void> {
  try {
    const left = await takeAway(host, app).catch(async (lost) => {
      await using again = await reopen().catch((thrown) => {
        throw new Error(`${messageOf(lost)}; and over a new connection: ${messageOf(thrown)}`);
      });
      return await takeAway(again, app);
    });
    if (left !== null) throw new Error(left);
  } catch (thrown) {
    throw new Failure(ExitCode.internal, {
      what: "what the run deployed could not be taken away from the live host",
      seen: `stack ${app.stack}: ${messageOf(thrown)}`,
      next: `there: docker stack rm ${app.stack}; then docker volume ls and docker secret ls show what bears its name`,
      cause: thrown,
    });
  }
}

/** Null when nothing bears the stack's name any more; else what still does, or why. */
async function takeAway(host: Host, app: App): Promise<string | null> {
  if ((await takenBy(host.docker, app.stack)).length === 0) return null;
  const removal = await host.exec(["docker", "stack", "rm", app.stack]);
  const { message } = await finishTeardown(host.docker, app);
  const left = await takenBy(host.docker, app.stack);
  return left.length === 0
    ? null
    : [message ?? left.join(", "), removal.stderr.trim()].filter(Boolean).join("; ");
}
