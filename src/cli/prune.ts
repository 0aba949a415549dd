import { type Command, Option } from "commander";
import { loadPruneSettings, type PruneSettings } from "../config/prune-settings.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { type Applied, apply } from "../policy/apply.ts";
import { engineFailure, type LocalEngine, openLocalEngine } from "../policy/engine.ts";
import { ImageIndex } from "../policy/images.ts";
import { lockAlone, lockHeld, lockPath } from "../policy/lock.ts";
import { Look, requireDataRoot } from "../policy/look.ts";
import { noteRemovals } from "../policy/removals.ts";
import { setAside, writeState } from "../policy/state-file.ts";
import { type Survey, survey } from "../policy/survey.ts";
import { pruneVerdict } from "../policy/verdict.ts";
import { type PruneReport, renderExplanation, renderPrune, renderPruneJson } from "../report/prune.ts";
import { print, terminalProgress } from "./terminal.ts";

interface PruneOptions {
  apply?: boolean;
  explain?: string;
  config?: string;
  json?: boolean;
}

/** `pullproof prune`: show what the reference policy would remove on this host; with --apply, remove it. */
export function addPrune(program: Command): void {
  program
    .command("prune")
    .description("show what the reference prune policy would remove on this host; with --apply, remove it")
    .option("--apply", "carry the plan out")
    .addOption(
      new Option("--explain <image>", "tell of one image what becomes of it, and why").conflicts("apply"),
    )
    .option("--config <file>", "settings; default /etc/pullproof/prune.yaml, where it exists")
    .option("--json", "print everything as JSON")
    .action(async (options: PruneOptions) => {
      try {
        process.exitCode = await run(options);
      } catch (thrown) {
        throw engineFailure(thrown);
      }
    });
}

async function run(options: PruneOptions): Promise<number> {
  const settings = loadPruneSettings(options.config);
  const engine = await openLocalEngine(process.env);
  await requireDataRoot(engine);
  const look = new Look(engine);
  const report = options.apply ? await pruned(engine, look, settings) : await planned(engine, look, settings);
  for (const warning of report.warnings) process.stderr.write(`warning: ${warning}\n`);
  const ids = options.explain === undefined ? null : idsOf(options.explain, report.survey);
  print(rendered(report, ids, options.json ?? false));
  const { failure } = report.applied ?? { failure: null };
  if (failure === null) return pruneVerdict(report).exitCode;
  throw new Failure(ExitCode.internal, {
    what: "the prune run broke off",
    seen: failure,
    next: "systemctl status docker, then pullproof prune to see what is left to do",
  });
}

function rendered(report: PruneReport, ids: ReadonlySet<string> | null, json: boolean): string {
  if (json) return renderPruneJson(report, ids);
  return ids === null ? renderPrune(report, process.stdout.columns ?? 120) : renderExplanation(report, ids);
}

/** Only looks: nothing is written, no lock is taken. */
async function planned(engine: LocalEngine, look: Look, settings: PruneSettings): Promise<PruneReport> {
  const seen = await survey(engine, look, settings, Date.now);
  const warnings = warningsOf(seen, seen.stateProblem);
  if (await lockHeld(settings.stateDir))
    warnings.push(`a run is in progress: it holds ${lockPath(settings.stateDir)}`);
  return { survey: seen, dataRoot: engine.dataRoot, warnings, applied: null };
}

async function pruned(engine: LocalEngine, look: Look, settings: PruneSettings): Promise<PruneReport> {
  const { stateDir } = settings;
  using lock = await lockAlone(stateDir);
  if (lock === null) {
    throw new Failure(ExitCode.tryLater, {
      what: "a run is in progress, or another prune: nothing was removed",
      seen: `${lockPath(stateDir)} is locked`,
      next: "run the same command again when it is over",
    });
  }
  const seen = await survey(engine, look, settings, Date.now);
  const { plan, stateProblem, record, now } = seen;
  const aside =
    stateProblem === null ? null : `${stateProblem}; it is kept as ${await setAside(stateDir, now)}`;
  await writeState(stateDir, record);
  let applied: Applied | null = null;
  if (plan.pressure && plan.busy === null) {
    using progress = terminalProgress();
    applied = await apply({ engine, look, survey: seen, settings, clock: Date.now, say: progress.say });
  }
  const warnings = [...warningsOf(seen, aside), ...(await noted(applied, seen, stateDir))];
  return { survey: seen, dataRoot: engine.dataRoot, warnings, applied };
}

/** Leaves for later readers what was removed and why. What comes in the way is a warning: the images are gone all the same. */
async function noted(applied: Applied | null, { plan }: Survey, stateDir: string): Promise<string[]> {
  const reasons = new Map(plan.decisions.map(({ image, reason }) => [image.id, reason]));
  const at = Date.now();
  const removals = (applied?.images.removed ?? []).map(({ id, name }) => ({
    at,
    id,
    name,
    reason: reasons.get(id) ?? "",
  }));
  try {
    await noteRemovals(stateDir, removals);
    return [];
  } catch (thrown) {
    return [messageOf(thrown)];
  }
}

function warningsOf({ plan, gap }: Survey, stateProblem: string | null): string[] {
  return [
    ...(stateProblem === null ? [] : [stateProblem]),
    ...(gap === null ? [] : [`uses may have been missed, so every age counts from now: ${gap}`]),
    ...plan.warnings,
  ];
}

/** The images that an operator means: by name, ID or beginning of an ID, and else all of a repository. */
function idsOf(text: string, { state }: Survey): ReadonlySet<string> {
  const index = new ImageIndex(state.images);
  const exact = index.exact(text);
  const images = exact.length > 0 ? exact : index.repository(text);
  if (images.length > 0) return new Set(images.map(({ id }) => id));
  throw new Failure(ExitCode.usage, {
    what: "there is no such image on this host",
    seen: `--explain ${text}`,
    next: "pullproof prune names every image; docker images --digests as well",
  });
}
