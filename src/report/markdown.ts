import { type History, ofScenarios, readHistory } from "../check/history.ts";
import type { Entry, EntryOf } from "../model/evidence.ts";
import type { Judgement } from "../model/verdict.ts";
import { asFoundSection } from "./as-found.ts";
import { auditSection } from "./audit-section.ts";
import { chainOf } from "./chain.ts";
import { claimSections, remedyText } from "./claims.ts";
import { controlTable } from "./controls.ts";
import { criterionTable } from "./criterion-table.ts";
import { deployerTitle, registryAuthText } from "./deployer.ts";
import { environmentSection } from "./environment.ts";
import { codeSpan, escapeMarkdown } from "./escape.ts";
import { pruneTable } from "./prune-runs.ts";
import { reproduceSection } from "./reproduce.ts";
import { remedies } from "./sentences.ts";
import { stepTables } from "./steps.ts";
import { timingSection } from "./timing.ts";
import { whereTimeWent } from "./where-time-went.ts";

/** What a report is made from. */
export interface ReportInput {
  /** The evidence, which must begin with the run's header. */
  entries: readonly Entry[];
  judgement: Judgement;
  /** SHA-256 of evidence.jsonl, in hexadecimal. */
  evidenceHash: string;
  /** Put before each link to a file of the run's folder; "" for a report that lies in that folder. */
  linkPrefix: string;
}

/** Where the chart lies in a run's folder. */
export const chartPath = "charts/bytes.svg";

/** Renders report.md. */
export function renderReport({ entries, judgement, evidenceHash, linkPrefix }: ReportInput): string {
  const history = readHistory(entries);
  const { run, environments } = history;
  const asked = judgement.claims.filter(({ id }) => run.data.claims.includes(id));
  const { chain, environment } = chainOf(history);
  const others = ofScenarios(history, ({ control, claims }) => !control && !claims.includes("PC3.1"));
  return `${[
    firstScreen(history, judgement, environment),
    trust(history, judgement, entries.length, evidenceHash),
    section("The chain", ...stepTables(chain), `![Layer bytes per deploy](${linkPrefix}${chartPath})`),
    section("Prune runs", pruneTable(ofScenarios(history, ({ control }) => !control))),
    section("Timing", timingSection(history, chain)),
    section(
      "Claims",
      `Numbers such as #12 are line numbers of [evidence.jsonl](${linkPrefix}evidence.jsonl).`,
      claimSections(asked, entries),
    ),
    ...(history.audit === undefined ? [] : [section("Audit", auditSection(history.audit))]),
    section("Controls (must be caught)", controlTable(run, judgement)),
    ...(others.steps.length === 0 ? [] : [section("The other scenarios", ...stepTables(others))]),
    ...leftOn(history),
    section("Where the time went", whereTimeWent(history, entries)),
    section("Environment and settings", environmentSection(run, environments)),
    section("Reproduce", reproduceSection(history, environment)),
  ].join("\n\n")}\n`;
}

function leftOn(history: History): string[] {
  const found = asFoundSection(history);
  return found === null ? [] : [section("What is left on the host", found)];
}

function section(title: string, ...parts: string[]): string {
  return [`## ${title}`, ...parts].join("\n\n");
}

function firstScreen(
  history: History,
  judgement: Judgement,
  environment: EntryOf<"environment"> | undefined,
): string {
  const { run } = history;
  return [
    `# Cache retention: ${judgement.overall.toUpperCase()}`,
    `Run ${codeSpan(run.data.id)}, ${run.wall.slice(0, 10)}`,
    `**${subject(history, environment)}**`,
    criterionTable(judgement, run.data.claims),
    advice(history, judgement),
  ].join("\n\n");
}

/** What was judged, in one line. */
function subject({ run }: History, environment: EntryOf<"environment"> | undefined): string {
  const pruned = run.data.scenarios.some(({ steps }) => steps.some((step) => step.do === "prune"));
  const prune = pruned ? `prune run: ${escapeMarkdown(run.data.policy.title)}` : "no prune run";
  if (environment === undefined) return `environment unknown, ${prune}`;
  const { engine, deployer } = environment.data;
  return [
    `host ${escapeMarkdown(environment.host ?? "unnamed")}`,
    `engine ${escapeMarkdown(engine.version)}`,
    `${engine.imageStore}/${escapeMarkdown(engine.storageDriver)}`,
    `deployed by ${escapeMarkdown(deployerTitle(deployer))}, registry auth ${registryAuthText(deployer)}`,
    prune,
  ].join(", ");
}

function advice(history: History, judgement: Judgement): string {
  const uncaught = judgement.controls.filter(({ caught }) => !caught).map(({ id }) => escapeMarkdown(id));
  if (uncaught.length > 0) {
    const reason =
      history.end?.data.completed === true
        ? "the claims that these controls break did not fail, so the instrument is broken"
        : "the run was cut short before these controls were caught; run again, to the end";
    return `What to do: trust none of these verdicts. ${uncaught.join(", ")}: ${reason}.`;
  }
  const open = remedies(judgement);
  if (open.length === 0) return "What to do: nothing.";
  return `What to do:\n\n${open.map(({ claims, remedy }) => `- ${remedyText(remedy)} (${claims.join(", ")})`).join("\n")}`;
}

/** What the verdicts rest on. */
function trust(history: History, { controls }: Judgement, lines: number, hash: string): string {
  const caught = controls.filter((control) => control.caught).length;
  const gaps = history.steps.reduce((sum, step) => sum + step.gaps.length, 0);
  const unfenced = history.steps.filter((step) => step.fence?.data.seen === false).length;
  return `Trust: ${[
    controls.length === 0 ? "no controls in this run" : `${caught} of ${controls.length} controls caught`,
    gaps === 0 ? "no witness failed" : `witnesses failed ${gaps} times`,
    unfenced === 0 ? "event stream complete" : `event stream incomplete in ${unfenced} steps`,
    history.end?.data.completed === true ? "run complete" : "**run cut short**",
    `evidence ${lines} lines, SHA-256 \`${hash}\``,
  ].join(" · ")}`;
}
