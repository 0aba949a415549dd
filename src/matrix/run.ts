import { join } from "node:path";
import type Docker from "dockerode";
import { matrixCell, matrixClaims } from "../../suites/matrix.ts";
import { openOuterEngine } from "../lab/outer-engine.ts";
import { ensureLabImage } from "../lab/rootfs.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { openBareRun } from "../runner/bare-run.ts";
import { nowhere } from "../runner/journal.ts";
import { type LaneSetting, openLane } from "../runner/open-lane.ts";
import type { LanePlan } from "../runner/plan.ts";
import type { Progress } from "../runner/progress.ts";
import { createRunFolder } from "../runner/run-folder.ts";
import { runHeader } from "../runner/run-header.ts";
import { runId } from "../runner/run-id.ts";
import { suiteSettings } from "../runner/suite-settings.ts";
import { type CellPlan, cellOf, cellsOf } from "./cells.ts";
import type { MatrixEngine } from "./engines.ts";
import type { Row } from "./render.ts";

/** Hosts that work side by side: most of a cell is waiting, but two cores carry no more engines than this. */
const atOnce = 2;

/** What a run of the matrix left. */
export interface MatrixResult {
  /** The run's folder. */
  folder: string;
  /** Version of the engine that carried the labs. */
  outer: string;
  /** In the order of the engines. */
  rows: Row[];
}

/** A cell whose engine is there, with what its host is to go through. */
interface Work {
  engine: MatrixEngine;
  plan: CellPlan;
  lane: LanePlan;
}

/**
 * Runs every cell of the engines that can be had, a few side by side, and judges it. Throws a Failure (unavailable) when
 * no engine can be had, and the signal's reason when it is interrupted; the labs are gone all the same.
 */
export async function runMatrix(
  asked: readonly MatrixEngine[],
  signal: AbortSignal,
  progress: Progress,
): Promise<MatrixResult> {
  const outer = await openOuterEngine();
  const missing = await obtain(outer, asked, signal, progress);
  const folder = createRunFolder(join("reports", `matrix-${runId()}`)).path;
  await using bare = await openBareRun(progress, folder);
  const setting = asJudged(bare.setting);
  const works = asked.filter((engine) => !missing.has(engine)).flatMap((engine) => workOf(engine, setting));
  const header = runHeader(setting, {
    claims: [...matrixClaims],
    policy: suiteSettings(setting.settings, setting.recipe, setting.deployer).policy,
    scenarios: works.flatMap(({ lane }) => lane.scenarios),
  });
  setting.journal.append("run", "runner", nowhere, header);
  const broken = new Map<string, string>();
  const queue = works.values();
  const worker = async () => {
    for (const work of queue) {
      try {
        await run(work, setting, signal);
      } catch (thrown) {
        signal.throwIfAborted();
        broken.set(work.plan.host, messageOf(thrown));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  setting.journal.append("end", "runner", nowhere, { completed: true, reason: null });
  return {
    folder,
    outer: (await outer.version()).Version,
    rows: asked.flatMap((engine) =>
      cellsOf(engine).map((plan): Row => {
        const skipped = missing.get(engine);
        if (skipped !== undefined) return { plan, engine, cell: { skipped } };
        const reason = broken.get(plan.host);
        if (reason !== undefined) return { plan, engine, cell: { broken: reason } };
        return { plan, engine, cell: cellOf(setting.journal.entries, plan.host, scenariosOf(works, plan)) };
      }),
    ),
  };
}

/** Makes the engines' images. Returns the reasons of those that cannot be had; throws a Failure when none can. */
async function obtain(
  outer: Docker,
  asked: readonly MatrixEngine[],
  signal: AbortSignal,
  progress: Progress,
): Promise<Map<MatrixEngine, string>> {
  const missing = new Map<MatrixEngine, string>();
  for (const engine of asked) {
    try {
      await ensureLabImage(outer, engine.image, progress.say);
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.exitCode === ExitCode.unavailable)) throw thrown;
      missing.set(engine, thrown.message);
      progress.say(`${engine.name}: skipped: ${thrown.message}`);
    }
    signal.throwIfAborted();
  }
  if (missing.size < asked.length) return missing;
  throw new Failure(ExitCode.unavailable, {
    what: "no engine of the matrix could be had",
    seen: [...missing].map(([{ name }, reason]) => `${name}: ${reason}`).join("; "),
    next: "./setup, then run this command again",
  });
}

/** The matrix is about engines: what pullproof.yaml says of deploys and prune runs does not change its chain. */
function asJudged(setting: LaneSetting): LaneSetting {
  return { ...setting, settings: { ...setting.settings, prune: "reference", registryAuth: true } };
}

function workOf(engine: MatrixEngine, { settings, recipe, deployer }: LaneSetting): Work[] {
  const suite = suiteSettings(settings, recipe, deployer);
  return cellsOf(engine).map((plan) => {
    const { host, mode } = plan;
    const { imageStore, prepull } = mode;
    const scenarios = matrixCell({ ...suite, imageStore, prepull }, host);
    return { engine, plan, lane: { host, kind: "lab", imageStore, small: false, scenarios } };
  });
}

async function run({ engine, plan, lane }: Work, setting: LaneSetting, signal: AbortSignal): Promise<void> {
  const settings = { ...setting.settings, prepull: plan.mode.prepull };
  await using opened = await openLane(lane, { ...setting, settings, engine: engine.image });
  try {
    await opened.lane.run(lane.scenarios, signal);
  } finally {
    // An engine whose cell is done would take time from those that still run; the rest goes with the run.
    await setting.outer.getContainer(opened.lab.container).remove({ force: true, v: true });
  }
}

const scenariosOf = (works: readonly Work[], { host }: CellPlan): string[] =>
  works.filter(({ plan }) => plan.host === host).flatMap(({ lane }) => lane.scenarios.map(({ id }) => id));
