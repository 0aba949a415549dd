import type { Scenario } from "../model/plan.ts";

/** The plan of a run as text: hosts, scenarios, steps. */
export function renderPlan(lanes: readonly { host: string; scenarios: readonly Scenario[] }[]): string {
  return lanes
    .flatMap(({ host, scenarios }) => [`host ${host}`, ...scenarios.flatMap(scenarioLines)])
    .join("\n");
}

function scenarioLines(scenario: Scenario): string[] {
  const role = scenario.control ? "control, must break" : "judged for";
  const claims = scenario.claims.length > 0 ? ` (${role} ${scenario.claims.join(", ")})` : "";
  return [
    `  ${scenario.id}: ${scenario.title}${claims}`,
    ...scenario.steps.map((step) => `    ${step.id}: ${step.do}`),
  ];
}
