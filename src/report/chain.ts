import { type History, ofScenarios } from "../check/history.ts";
import type { EntryOf } from "../model/evidence.ts";

/** The chain of a run, and the host of it, which is the one that the reader asked about: another may have run the controls. */
export function chainOf(history: History): {
  chain: History;
  environment: EntryOf<"environment"> | undefined;
} {
  const chain = ofScenarios(history, ({ control, claims }) => !control && claims.includes("PC3.1"));
  const { environments } = history;
  const host = chain.steps[0]?.host;
  return { chain, environment: environments.find((candidate) => candidate.host === host) ?? environments[0] };
}
