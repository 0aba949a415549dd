import { count } from "../check/units.ts";
import type { Scenario } from "../model/plan.ts";
import { visible } from "./escape.ts";

/** What a person has to know before a run touches a host that others use. */
export interface LivePlan {
  address: string;
  engine: string;
  stack: string;
  recipe: { name: string; images: Record<string, string> };
  deployer: string;
  /** As whom the host pulls; null for nobody. */
  account: string | null;
  scenarios: readonly Scenario[];
  /** What the doctor found that does not stand in the way. */
  notices: readonly string[];
}

/** The plan for a live host as text: what it will do there, and what it will not. */
export function renderLivePlan(plan: LivePlan): string {
  const steps = plan.scenarios.flatMap((scenario) => scenario.steps);
  const deploys = steps.filter((step) => step.do === "deploy");
  const prunes = steps.flatMap((step) => (step.do === "prune" ? [step.policy.command] : []));
  const reboots = steps.filter((step) => step.do === "restart").length;
  const images = Object.values(plan.recipe.images);
  const local = plan.address.startsWith("unix://");
  const cached = deploys[0]?.expect === "cached";
  const asWhom = plan.account === null ? "anonymously: nobody is logged in there" : `as ${plan.account}`;
  return [
    `live host ${plan.address}, engine ${plan.engine}`,
    `  deploys ${plan.recipe.name} (${images.join(", ")}) by ${plan.deployer} as the stack ${plan.stack}, ${count(deploys.length, "time")}, and takes it away each time`,
    cached
      ? "  pulls no image: all are there already, so there is no cold sample; removes none"
      : "  pulls the recipe's images, which stay; removes none",
    `  asks docker.io ${asWhom}: up to ${count(2 * images.length * (deploys.length + 1), "pull")} of the budget`,
    prunes.length === 0 ? "  prunes nothing" : `  runs ${prunes.join(", ")}`,
    reboots === 0
      ? "  reboots nothing"
      : `  reboots the host ${count(reboots, "time")}: everything on it goes down meanwhile${local ? "; a unit of systemd, which takes itself away, goes on with the run after the boot" : ""}`,
    "  makes a temporary folder there, and for a moment an empty volume at each look; both are taken away",
    ...plan.notices.map((notice) => `  note: ${notice}`),
    ...plan.scenarios.flatMap((scenario) => scenario.steps.map((step) => `    ${step.id}: ${step.do}`)),
  ]
    .map(visible)
    .join("\n");
}
