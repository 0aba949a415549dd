import { defaultStateDir } from "../config/prune-settings.ts";
import { converge } from "../deploy/convergence.ts";
import { ofStack } from "../deploy/stack-objects.ts";
import type { Body } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import type { ActivityName, PruneStep } from "../model/plan.ts";
import { lockPath } from "../policy/lock.ts";
import { until } from "../until.ts";
import { begun } from "./begun.ts";
import { beginSlowPull } from "./slow-pull.ts";
import type { StepContext } from "./steps.ts";

/** Something that goes on at the host while a prune run is made. */
interface Activity {
  /** Whether it still goes on, told by something else than what the prune run looks at where there is a choice. */
  goesOn(): Promise<boolean>;
  /** Lets it come to its end; tells how it ended. */
  finish(): Promise<string>;
}

/** How long an activity may take to begin, and to end once it may. */
const patienceMs = 60_000;

/** Slow enough that a prune run fits many times into the pull of the fixture's smallest layer, in bytes per second. */
const trickle = 100_000;

/** Runs `work` while an activity goes on, and tells whether it was seen to go on right before and right after. */
export async function during<T>(
  context: StepContext,
  step: PruneStep & { during: ActivityName },
  work: () => Promise<T>,
): Promise<{ result: T; activity: Body<"activity"> }> {
  const activity = await begin[step.during](context, step);
  let ended = "it was not brought to its end";
  try {
    const before = await activity.goesOn();
    const result = await work();
    const after = await activity.goesOn();
    ended = await activity.finish();
    return { result, activity: { name: step.during, before, after, detail: ended } };
  } catch (thrown) {
    await activity.finish().catch(() => {});
    throw thrown;
  }
}

const begin: Record<ActivityName, (context: StepContext, step: PruneStep) => Promise<Activity>> = {
  lock,
  pull,
  convergence,
  "second-prune": secondPrune,
};

/** The host's lock (docs/prune-policy.md), and where the command that is run under it waits. */
const lockFile = lockPath(defaultStateDir);
const gate = "/run/pullproof-gate";

/** A test run of another harness, under the host's lock: `pullproof run -- …`. */
async function lock({ host }: StepContext): Promise<Activity> {
  const script = 'touch "$1"; while [ -e "$1" ]; do sleep 0.05; done';
  const held = begun(host.exec(["pullproof", "run", "--", "sh", "-c", script, "sh", gate]));
  // As another harness would find out: flock(1) fails at once where somebody holds the lock.
  const heldScript = '[ -e "$1" ] && ! flock --exclusive --nonblock "$2" true';
  const isHeld = async () => (await host.exec(["sh", "-c", heldScript, "sh", gate, lockFile])).exitCode === 0;
  await Promise.race([
    until("the command under the host's lock runs", patienceMs, async () =>
      (await isHeld()) ? true : "it does not yet",
    ),
    held.then(({ exitCode, stderr }) => {
      throw new Error(`pullproof run ended with code ${exitCode}: ${stderr.trim()}`);
    }),
  ]);
  return {
    goesOn: isHeld,
    async finish() {
      await host.exec(["rm", "-f", gate]);
      return `the command under the lock ended with code ${(await held).exitCode}`;
    },
  };
}

/** An ordinary pull by tag, over a line that got slow. */
async function pull(context: StepContext, { pulls }: PruneStep): Promise<Activity> {
  if (pulls === null) throw new Error("the plan does not say which image is pulled during the prune run");
  const pull = await beginSlowPull(context, pulls, trickle);
  return {
    goesOn: async () => pull.goesOn(),
    async finish() {
      const failure = await pull.finish();
      return failure === null ? "the pull ended well" : `the pull failed: ${failure}`;
    },
  };
}

/** The app is restarted while the node takes no task: its services want replicas that they do not have. */
async function convergence({ host, app }: StepContext): Promise<Activity> {
  const services = await host.docker.listServices({ filters: ofStack(app.stack) });
  const [service] = services.map(({ Spec }) => Spec?.Name ?? "").sort();
  if (service === undefined || service === "") throw new Error("no app is deployed that could converge");
  const swarm = async (...words: string[]) => {
    const { exitCode, stderr } = await host.exec(["docker", ...words]);
    if (exitCode !== 0) throw new Error(`docker ${words.join(" ")}: ${stderr.trim()}`);
  };
  const node = (await host.docker.listNodes())[0]?.ID ?? "";
  const waiting = async () => {
    const tasks = await host.docker.listTasks({
      filters: { service: [service], "desired-state": ["running"] },
    });
    return tasks.length > 0 && tasks.every((task) => task.Status?.State === "pending");
  };
  const available = (availability: string) => swarm("node", "update", "--availability", availability, node);
  await available("pause");
  try {
    await swarm("service", "update", "--detach", "--force", service);
    await until("the service waits for its task", patienceMs, async () =>
      (await waiting()) ? true : "its old task still runs",
    );
  } catch (thrown) {
    // No deploy would ever come up on this host again.
    await available("active");
    throw thrown;
  }
  return {
    goesOn: waiting,
    async finish() {
      await available("active");
      const { problem } = await converge(host.docker, app.stack, patienceMs / 1000);
      return problem === null ? "the service came up again" : `the service did not come up: ${problem}`;
    },
  };
}

/** The same prune run, begun a moment before. */
async function secondPrune({ host }: StepContext, { policy }: PruneStep): Promise<Activity> {
  let ended = false;
  const run = begun(
    host.exec(["sh", "-c", policy.command]).finally(() => {
      ended = true;
    }),
  );
  return {
    goesOn: async () => !ended,
    async finish() {
      try {
        return `the second prune run ended with code ${(await run).exitCode}`;
      } catch (thrown) {
        return `the second prune run failed: ${messageOf(thrown)}`;
      }
    },
  };
}
