import { statSync } from "node:fs";
import { join } from "node:path";
import { type FaultCase, labFaults, vmFaults } from "../../suites/faults.ts";
import { readHistory } from "../check/history.ts";
import type { HostKind } from "../host/host.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { openBareRun } from "../runner/bare-run.ts";
import { nowhere } from "../runner/journal.ts";
import { type LaneSetting, openLane } from "../runner/open-lane.ts";
import type { LanePlan } from "../runner/plan.ts";
import type { Progress } from "../runner/progress.ts";
import { createRunFolder, files } from "../runner/run-folder.ts";
import { runHeader } from "../runner/run-header.ts";
import { runId } from "../runner/run-id.ts";
import { suiteSettings } from "../runner/suite-settings.ts";
import { cellOf } from "./cells.ts";
import { leftBehind } from "./left-behind.ts";
import type { Row } from "./render.ts";

/** What a run of faults came to. */
export interface FaultRun {
  rows: Row[];
  folder: string;
  /** Version of each engine, by the kind of its host. */
  engines: Record<string, string>;
}

/**
 * Runs the faults that `wanted` names on the given kinds of hosts: those of the virtual machine, and then those of the
 * labs side by side. Throws a Failure when the run left anything behind.
 */
export async function runFaults(
  kinds: readonly HostKind[],
  wanted: (about: FaultCase) => boolean,
  signal: AbortSignal,
  progress: Progress,
): Promise<FaultRun> {
  const runFolder = createRunFolder(join("reports", `faults-${runId()}`));
  const folder = runFolder.path;
  const { setting, cases } = await carriedOut(folder, kinds, wanted, signal, progress).catch((thrown) => {
    // Where nothing was begun there is nothing to keep.
    const evidence = statSync(join(folder, files.evidence), { throwIfNoEntry: false });
    if ((evidence?.size ?? 0) === 0) runFolder.remove();
    throw thrown;
  });
  const left = await leftBehind(setting.outer, setting.run, setting.folder);
  if (left.length > 0)
    throw new Failure(ExitCode.internal, {
      what: "the faults left something behind",
      seen: left.join(", "),
      next: "./setup --down removes it; report this as a bug, with the run's folder",
    });
  const history = readHistory(setting.journal.entries);
  const kindOf = new Map(cases.map(({ host, kind }) => [host, kind]));
  return {
    rows: cases.map((about) => ({ about, cell: cellOf(history, about) })),
    folder,
    engines: Object.fromEntries(
      history.environments.map(({ host, data }) => [kindOf.get(host ?? "") ?? "", data.engine.version]),
    ),
  };
}

async function carriedOut(
  folder: string,
  kinds: readonly HostKind[],
  wanted: (about: FaultCase) => boolean,
  signal: AbortSignal,
  progress: Progress,
): Promise<{ setting: LaneSetting; cases: FaultCase[] }> {
  await using bare = await openBareRun(progress, folder);
  const { setting } = bare;
  const cases = casesFor(setting).filter((about) => kinds.includes(about.kind) && wanted(about));
  if (cases.length === 0)
    throw new Failure(ExitCode.usage, {
      what: "none of these faults befalls a host of this kind",
      seen: `--host ${kinds.join(",")}`,
      next: "name labs or the virtual machine, --host lab,vm, or other faults: npm run verify:faults -- --help",
    });
  const header = runHeader(
    { ...setting, recipe: setting.courier },
    {
      claims: [],
      policy: { name: "none", title: "no prune run", command: "true" },
      scenarios: cases.map(({ scenario }) => scenario),
    },
  );
  setting.journal.append("run", "runner", nowhere, header);
  const lanes = [...Map.groupBy(cases, ({ host }) => host).values()].map(laneOf);
  // The machine first: where what it needs is missing, minutes of labs would be for nothing.
  for (const kind of ["vm", "lab"]) {
    const sideBySide = lanes.filter((lane) => lane.kind === kind);
    await Promise.all(
      sideBySide.map(async (lane) => {
        await using opened = await openLane(lane, { ...setting, recipe: setting.courier });
        await opened.lane.run(lane.scenarios, signal);
        // A host that is done would take time from those that still run; the rest goes with the run.
        await setting.outer.getContainer(opened.lab.container).remove({ force: true, v: true });
      }),
    );
  }
  setting.journal.append("end", "runner", nowhere, { completed: true, reason: null });
  return { setting, cases };
}

function casesFor({ settings, courier, deployer }: LaneSetting): FaultCase[] {
  const suite = suiteSettings(settings, courier, deployer);
  const stores = ["graphdriver", "containerd"] as const;
  return [...stores.flatMap((imageStore) => labFaults({ ...suite, imageStore })), ...vmFaults(suite)];
}

/** The lane of one host's faults. A lab's data root is small, because it is to be filled. */
function laneOf(cases: readonly FaultCase[]): LanePlan {
  const [{ host, kind, imageStore }] = cases as [FaultCase];
  return { host, kind, imageStore, small: kind === "lab", scenarios: cases.map(({ scenario }) => scenario) };
}
