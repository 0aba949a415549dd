import type { Scenario } from "../model/plan.ts";
import type { History } from "./history.ts";
import { list } from "./units.ts";

/**
 * What is missing of a run, as far as some of its scenarios are concerned: its end, or planned steps without an
 * outcome. Null when all is there. What is not there cannot support a pass.
 */
export function shortfall(history: History, scenarios: readonly Scenario[]): string | null {
  const { end } = history;
  if (end === undefined) return "the run has no end";
  if (!end.data.completed)
    return `the run was cut short${end.data.reason === null ? "" : `: ${end.data.reason}`}`;
  const done = new Set(
    history.steps
      .filter((step) => step.outcome !== undefined)
      .map((step) => JSON.stringify([step.scenario, step.plan.id])),
  );
  const open = scenarios.flatMap(({ id, steps }) =>
    steps.filter((step) => !done.has(JSON.stringify([id, step.id]))).map((step) => step.id),
  );
  return open.length === 0 ? null : `planned steps have no outcome: ${list(open)}`;
}
