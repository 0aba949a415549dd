import type { History, StepHistory } from "../check/history.ts";
import { formatSeconds } from "../check/units.ts";
import type { Entry } from "../model/evidence.ts";
import type { Step } from "../model/plan.ts";
import { escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** Which column a step's time is told in; whatever is not named here is "other steps". */
const columns: Partial<Record<Step["do"], string>> = {
  deploy: "deploys",
  teardown: "teardowns",
  prune: "prune runs",
  restart: "restarts",
};
const others = "other steps";
const named = [...new Set(Object.values(columns)), others];

/**
 * Where the time of a run went: one row for each host, which work side by side. Times are the controller's wall clock.
 */
export function whereTimeWent(history: History, entries: readonly Entry[]): string {
  const begun = Date.parse(history.run.wall);
  const rows = [...Map.groupBy(history.steps, ({ host }) => host)].map(([host, steps]) => {
    const own = entries.filter((entry) => entry.host === host);
    const at = (entry: Entry | undefined) => (entry === undefined ? begun : Date.parse(entry.wall));
    const [up, first, last] = [at(own[0]), at(steps[0]?.invoke), at(own.at(-1))];
    const inSteps = named.map((column) => sum(steps.filter((step) => columnOf(step) === column)));
    const looking = (last - first) / 1000 - inSteps.reduce((total, seconds) => total + seconds, 0);
    const seconds = [(up - begun) / 1000, (first - up) / 1000, ...inSteps, looking, (last - begun) / 1000];
    return [escapeMarkdown(host ?? "an unnamed host"), ...seconds.map(formatSeconds)];
  });
  return table(
    ["host", "start", "publishing", ...named, "looking", "in all"],
    rows,
    Array.from({ length: named.length + 4 }, (_, index) => index + 1),
  );
}

const columnOf = ({ plan }: StepHistory) => columns[plan.do] ?? others;

function sum(steps: readonly StepHistory[]): number {
  return steps.reduce((total, { outcome }) => total + (outcome?.data.seconds ?? 0), 0);
}
