import type { Finding } from "../audit/finding.ts";
import { ruleIds, rules } from "../audit/rules.ts";
import { visible } from "./escape.ts";

/**
 * Findings as SARIF 2.1.0, for tools that show them beside the code
 * (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). A waived finding is suppressed in the source.
 */
export function renderSarif(findings: readonly Finding[], version: string): string {
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "pullproof",
            semanticVersion: version,
            rules: ruleIds.map((id) => {
              const { matches, severity, why, remedy, stores } = rules[id];
              return {
                id,
                shortDescription: { text: matches },
                fullDescription: { text: why },
                help: { text: remedy },
                defaultConfiguration: { level: severity },
                properties: { imageStores: stores },
              };
            }),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map(resultOf),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf({ rule, severity, file, line, excerpt, waiver }: Finding) {
  const { matches, why, remedy } = rules[rule];
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level: severity,
    message: { text: `${matches}; ${why}. ${remedy}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, snippet: { text: visible(excerpt) } },
        },
      },
    ],
    suppressions:
      waiver === null
        ? []
        : [{ kind: "inSource", status: "accepted", justification: visible(waiver.reason) }],
  };
}

/** A path as a URI reference, in which every character stands for itself: RFC 3986. */
function uriOf(path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${encoded}` : encoded;
}
