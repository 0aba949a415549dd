import { ruleIds, rules } from "../audit/rules.ts";
import { storesOf } from "./audit.ts";
import { remedyText } from "./claims.ts";
import { table } from "./table.ts";

/** The rules of the audit as a Markdown table. */
export function renderRules(): string {
  const rows = ruleIds.map((id) => {
    const { severity, matches, why, remedy } = rules[id];
    return [id, severity, storesOf(id), remedyText(matches), remedyText(why), remedyText(remedy)];
  });
  return table(["rule", "severity", "hurts", "what it finds", "why", "what to do"], rows);
}
