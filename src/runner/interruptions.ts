import { type Outcome, plainOutcome } from "../deploy/deployer.ts";
import { nodeReady } from "../host/swarm.ts";
import type { LedgerEntry } from "../hub/ledger.ts";
import { messageOf } from "../model/failure.ts";
import type { InterruptionName, InterruptStep } from "../model/plan.ts";
import { fillUp } from "./pressure.ts";
import { beginSlowPull } from "./slow-pull.ts";
import type { StepContext } from "./steps.ts";

/**
 * Slow enough that the rest of a pull takes seconds once the fixture's smallest layer has come, fast enough that it
 * comes within seconds; in bytes per second.
 */
const slow = 1_000_000;

/** How long an engine may take to come back, in milliseconds; an emulated host takes long. */
const comeBackMs = 300_000;

/**
 * Begins a pull, strikes in the middle of it, and waits until it is over and the engine answers. The outcome is unknown
 * when the pull ended well all the same: then nothing was interrupted.
 */
export async function interrupt(context: StepContext, step: InterruptStep): Promise<Outcome> {
  const { host } = context;
  const pull = await beginSlowPull(context, step.pulls, slow, someLayerIsWhole);
  const before = pull.goesOn();
  let problem: string | null;
  let after: boolean;
  let failure: string | null;
  try {
    problem = await strike[step.by](context);
    after = pull.goesOn();
  } finally {
    failure = await pull.finish().catch(messageOf);
  }
  await nodeReady(host.docker, comeBackMs);
  const detail = failure === null ? "the pull ended well" : `the pull failed: ${failure}`;
  context.witnessed({ name: "pull", before, after, detail });
  if (problem !== null) return { ...plainOutcome("fail", problem), output: detail };
  if (failure === null) return plainOutcome("info", `${step.by} did not keep the pull from ending well`);
  return { ...plainOutcome("ok"), output: detail };
}

const someLayerIsWhole = (answered: readonly LedgerEntry[]) =>
  answered.some(({ media, method, complete }) => media === "layer" && method === "GET" && complete);

/** Does the damage; tells what is wrong with the host after it, beyond what was meant. */
const strike: Record<InterruptionName, (context: StepContext) => Promise<string | null>> = {
  "engine-kill": async ({ host }) => {
    const { exitCode, stderr } = await host.exec(["sh", "-euc", killScript]);
    if (exitCode !== 0) throw new Error(`the engine could not be killed: ${stderr.trim()}`);
    return null;
  },
  "full-disk": async ({ host, dataRoot }) => {
    await fillUp(host, dataRoot);
    return null;
  },
  "power-cut": async ({ host }) => (await host.restart("power-cut")).problem,
};

/** Whoever started the engine starts it anew: an answer from now on is the new one's. */
const killScript = `
engine=$(pgrep -x dockerd)
kill -KILL "$engine"
while kill -0 "$engine" 2> /dev/null; do sleep 0.05; done
`;
