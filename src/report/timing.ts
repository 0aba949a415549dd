import { hasLedger } from "../check/bytes.ts";
import { type History, type StepHistory, stepsThat } from "../check/history.ts";
import { speedup } from "../check/pc3-2-warm-is-faster.ts";
import { medianOf } from "../check/statistics.ts";
import { type Sample, samplesOf } from "../check/timing.ts";
import { formatSeconds } from "../check/units.ts";
import { escapeMarkdown } from "./escape.ts";
import { pullCost } from "./steps.ts";
import { stripPlot } from "./strip-plot.ts";
import { table } from "./table.ts";

/** The section on time and on the pull budget. */
export function timingSection(history: History, chain: History): string {
  const { cold, warm } = samplesOf(history);
  const live = liveTimes(history);
  if (cold.length + warm.length === 0) return live ?? "No deploy was timed.";
  const groups: [string, readonly Sample[], (sample: Sample) => number][] = [
    ["cold deploy", cold, (sample) => sample.deploySeconds],
    ["warm deploy", warm, (sample) => sample.deploySeconds],
    ["pull in a cold deploy", cold, (sample) => sample.pullSeconds],
    ["requests in a warm deploy", warm, (sample) => sample.pullSeconds],
  ];
  const max = Math.max(...groups.flatMap(([, samples, seconds]) => samples.map(seconds)));
  const rows = groups.map(([name, samples, seconds]) => row(history, name, samples.map(seconds), max));
  return [
    table(["", "n", "median", "95 % interval", `0 to ${formatSeconds(max)}`], rows, [1, 2]),
    "",
    ...ratios(history, cold, warm),
    budget(history, chain),
    ...(live === null ? [] : ["", live]),
  ].join("\n");
}

/** What deploys took on a host that is not the run's own: no image is removed there to get a cold one. Null without any. */
function liveTimes(history: History): string | null {
  const deploys = stepsThat(history, "deploy").filter(({ host }) => !hasLedger(history, host));
  const [first, ...others] = deploys;
  if (first === undefined) return null;
  const took = ({ outcome }: StepHistory) =>
    outcome === undefined ? "?" : formatSeconds(outcome.data.seconds);
  const cold =
    first.plan.expect === "cold"
      ? `the first deploy, a cold one, took ${took(first)}`
      : `no cold sample: the images were cached already; the first deploy took ${took(first)}`;
  const warm = others.length === 0 ? "" : `, warm ones ${others.map(took).join(", ")}`;
  return `On ${escapeMarkdown(first.host ?? "the live host")}: ${cold}${warm}.`;
}

function row(history: History, name: string, seconds: number[], max: number): string[] {
  if (seconds.length === 0) return [name, "0", "", "", ""];
  const { value, low, high } = medianOf(seconds, `${history.run.data.seed} ${name}`);
  return [
    name,
    String(seconds.length),
    formatSeconds(value),
    `${formatSeconds(low)} to ${formatSeconds(high)}`,
    // Brackets, because spaces at the ends of a code span would be trimmed.
    `\`[${stripPlot(seconds, max)}]\``,
  ];
}

function ratios(history: History, cold: readonly Sample[], warm: readonly Sample[]): string[] {
  if (cold.length === 0 || warm.length === 0) return [];
  const { deploy, effect } = speedup(cold, warm, history.run.data.seed);
  const interval = `${deploy.low.toFixed(2)} to ${deploy.high.toFixed(2)}`;
  return [
    `Warm is ${deploy.value.toFixed(2)} times faster (${interval}; Cliff's delta ${effect.toFixed(2)}). Intervals are bootstrapped from the seed of the run.`,
    "",
  ];
}

/** What a deploy costs of the pull budget, and how far the budget reaches, by the headers. */
function budget(history: History, chain: History): string {
  const cold = pullCost(chain, "cold");
  const warm = pullCost(chain, "cached");
  const cost = `Pull budget: a cold deploy costs ${cold ?? "?"}, a warm one ${warm ?? "?"}`;
  const reading = history.ratelimits.findLast(({ data }) => data.identity === "account")?.data;
  if (reading === undefined || reading.limit === null || reading.windowSeconds === null)
    return `${cost}; how many pulls the account has is unknown: no header told.`;
  const window = `${reading.limit} per ${(reading.windowSeconds / 3600).toFixed(1).replace(/\.0$/, "")} h`;
  const times = warm === null || warm === 0 ? "any number of" : Math.floor(reading.limit / warm);
  return `${cost}; at ${window} this host can redeploy the recipe ${times} times.`;
}
