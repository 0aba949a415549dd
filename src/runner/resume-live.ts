import { join } from "node:path";
import { deployerOnHost } from "../deploy/choose.ts";
import { LiveHost } from "../host/live.ts";
import { bootIdOf } from "../host/reboot.ts";
import { waitingFile } from "../lab/waiting.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { shellWord } from "../shell.ts";
import { goOn } from "./go-on.ts";
import { Journal } from "./journal.ts";
import { liveAccess, liveApp } from "./live.ts";
import { endLive, type LiveStage, liveLane, whenBack } from "./live-lane.ts";
import { forgetBoot } from "./local-reboot.ts";
import { openRestart, requireRebooted } from "./open-restart.ts";
import type { Progress } from "./progress.ts";
import { forgetResumeState, type LiveState, readLiveState, waitsIn } from "./resume-state.ts";
import { files } from "./run-folder.ts";
import { holdRun } from "./run-scope.ts";
import { readStoredRun } from "./stored.ts";
import { aborted, type VerifyResult } from "./verify.ts";

/**
 * Goes on with a run on a live host, which has rebooted, from its evidence to its end. Needs no engine but that host's.
 * Throws a Failure (try later) when the host cannot be reached, has not rebooted or is not ready; the run is left as it is.
 */
export async function resumeLive(
  run: string,
  folder: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<VerifyResult> {
  using _lock = await holdRun(folder);
  // Read anew: until now another process may have had the run in hand.
  if (!waitsIn(folder)) throw ended(folder);
  const state = readLiveState(folder);
  const { entries } = readStoredRun(folder);
  const app = liveApp(state.settings, run);
  const giveUp = `on the host, docker stack rm ${app.stack}; here, rm ${shellWord(join(folder, waitingFile))}`;
  const open = openRestart(folder, entries, state.host, giveUp);
  const done = progress.begin(`${state.host}: taking over the host`);
  const host = await LiveHost.attach(state.settings, state.folder).catch((thrown) => {
    throw unreachable(folder, thrown);
  });
  const access = await liveAccess(host);
  let work: Promise<void> = Promise.resolve();
  await using _ended = {
    [Symbol.asyncDispose]: () => endLive({ host, access, app }, work, () => waitsIn(folder)),
  };
  requireRebooted(folder, open, await bootIdOf(host), giveUp);
  if (host.local) await forgetBoot(host, run);
  const restarted = await Promise.race([host.comeBack(), aborted(signal)]).catch(
    whenBack(host.address, folder),
  );
  done("rebooted");
  using journal = Journal.reopen(join(folder, files.evidence), []);
  const stage = await stageOf(state, { run, host, access, app });
  const lane = await liveLane(stage, { journal, progress, folder, latest: state.latest });
  const settled = () => forgetResumeState(folder);
  work = lane.resume({ earlier: entries, left: state.scenarios, restarted }, settled, signal);
  // Not before it has ended may journal and host be let go.
  return await goOn({ lane, journal, folder, progress, latest: state.latest }, work, settled, signal);
}

async function stageOf(
  { settings, deployer, interfaceName, accountedUnits }: LiveState,
  own: Pick<LiveStage, "run" | "host" | "access" | "app">,
): Promise<LiveStage> {
  const { host, access: rateLimit } = own;
  return {
    ...own,
    deployer: await deployerOnHost(deployer, host),
    settings,
    known: [],
    site: { host, hub: null, rateLimit, interfaceName, accountedUnits, accelerator: null },
  };
}

function ended(folder: string): Failure {
  return new Failure(ExitCode.usage, {
    what: "the run is not resumable: another process has just gone on with it",
    seen: folder,
    next: `judge it: pullproof check ${folder}`,
  });
}

function unreachable(folder: string, thrown: unknown): Failure {
  return new Failure(ExitCode.tryLater, {
    what: "the host cannot be reached yet, so the run is left as it is",
    seen: messageOf(thrown),
    next: `once it can be: pullproof resume ${folder}`,
    cause: thrown,
  });
}
