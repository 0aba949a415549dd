import { cpus, totalmem } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Settings } from "../config/settings.ts";
import type { App, Deployer } from "../deploy/deployer.ts";
import { LiveHost } from "../host/live.ts";
import { HostAway } from "../host/reboot.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure, GoesOnLater } from "../model/failure.ts";
import type { Journal } from "./journal.ts";
import { Lane, type LaneOptions, type Site } from "./lane.ts";
import type { LiveAccess } from "./live.ts";
import { resumeAtBoot } from "./local-reboot.ts";
import type { Progress } from "./progress.ts";
import { forgetResumeState, type LiveState, writeResumeState } from "./resume-state.ts";
import { files } from "./run-folder.ts";
import { tidy } from "./tidy.ts";

/** A live host, and all that a run needs there. */
export interface LiveStage {
  run: string;
  host: LiveHost;
  access: LiveAccess;
  site: Site;
  app: App;
  deployer: Deployer;
  settings: Settings;
  /** The recipe's images as their registry has them; none where the evidence has them already. */
  known: readonly Body<"published">[];
}

/** Where a run writes. */
export interface RunFiles {
  journal: Journal;
  progress: Progress;
  /** The run's folder. */
  folder: string;
  /** Whether `latest` is pointed to it when the run is judged. */
  latest: boolean;
}

/** The lane of a live host. */
export async function liveLane(stage: LiveStage, given: RunFiles): Promise<Lane> {
  const { site, app, deployer, settings, known, host } = stage;
  const { journal, progress } = given;
  return new Lane({
    site,
    deployer,
    app,
    journal,
    progress,
    known,
    setting: {
      address: host.address,
      stack: app.stack,
      deployer: {
        name: deployer.name,
        version: await deployer.version(host),
        registryAuth: deployer.choosesAuth ? settings.registryAuth : null,
        prepull: settings.prepull,
      },
      hub: null,
      controller: { node: process.version, cpus: cpus().length, memoryBytes: totalmem(), engine: null },
    },
    fixtures: {},
    resumable: resumableLane(stage, given),
  });
}

/** What makes a run resumable while its host reboots; where that is this machine, it goes on by itself. */
function resumableLane(stage: LiveStage, { folder, latest }: RunFiles): LaneOptions["resumable"] {
  const { run, host, deployer, settings, site } = stage;
  const { interfaceName, accountedUnits } = site;
  return async (scenarios) => {
    const name = deployer.name as LiveState["deployer"];
    const about = { host: host.name, scenarios, settings, deployer: name, latest };
    const seen = { folder: host.folder, interfaceName, accountedUnits: [...accountedUnits] };
    await writeResumeState(folder, { ...about, ...seen });
    const forget = () => forgetResumeState(folder);
    if (!host.local) return forget;
    try {
      const takeBack = await resumeAtBoot(host, run, folder);
      return async () => {
        forget();
        await takeBack();
      };
    } catch (thrown) {
      forget();
      throw thrown;
    }
  };
}

/** What a run ends with, for now, whose host has gone down and is not back in time: it can be gone on with. */
export function whenBack(address: string, folder: string): (thrown: unknown) => never {
  return (thrown) => {
    if (!(thrown instanceof HostAway)) throw thrown;
    throw new Failure(ExitCode.tryLater, {
      what: "the host did not come back in time, so the run waits for it",
      seen: `${address}: ${thrown.message}`,
      next: `once it is up: pullproof resume ${folder}`,
      cause: thrown,
    });
  };
}

/** What a run ends with, for now, that has told this machine to reboot. */
export function goesOnAtBoot(folder: string): (thrown: unknown) => never {
  return (thrown) => {
    if (!(thrown instanceof HostAway)) throw thrown;
    const next = `the report will be ${folder}/${files.report}`;
    throw new GoesOnLater("this machine reboots now, and the run goes on by itself afterwards", next);
  };
}

/** What ended a run while it waits for its host, with what to do next: it is not to be made anew. */
export function whileWaiting(folder: string, thrown: unknown): unknown {
  if (!(thrown instanceof Failure) || thrown.exitCode === ExitCode.tryLater) return thrown;
  const { exitCode, message: what } = thrown;
  return new Failure(exitCode, {
    what,
    seen: "the host was told to reboot, and was not back yet; what the run deployed is still there",
    next: `once the host is up: pullproof resume ${folder}`,
    cause: thrown,
  });
}

/** How long a step that is under way may take to end after an interruption, in milliseconds. */
const lastStepMs = 10_000;

/**
 * Ends what a run has on a live host once its work has ended, well or not: takes back all that it made there, or, where
 * the run then waits for its host, leaves that to whoever goes on.
 */
export async function endLive(
  { host, access, app }: Pick<LiveStage, "host" | "access" | "app">,
  work: Promise<void>,
  runWaits: () => boolean,
): Promise<void> {
  // What still goes on when a run was interrupted would put back what is taken away.
  await Promise.race([work.catch(() => {}), wait(lastStepMs, undefined, { ref: false })]);
  const waits = runWaits();
  // Last come, first served; where several fail, each is told.
  await using closing = new AsyncDisposableStack();
  closing.defer(() => (waits ? host.leave() : host[Symbol.asyncDispose]()));
  closing.defer(() => access.dispatcher.destroy());
  if (!waits) closing.defer(() => tidy(host, app, () => LiveHost.open({ dockerHost: host.address })));
}
