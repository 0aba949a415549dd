import type { EntryOf } from "../model/evidence.ts";
import type { Judgement } from "../model/verdict.ts";
import { escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** The table of controls: each must be caught by every claim that it breaks. */
export function controlTable(run: EntryOf<"run">, { controls }: Judgement): string {
  if (controls.length === 0) return "The run had no controls: nothing shows that its checkers can fail.";
  const title = (id: string) => run.data.scenarios.find((scenario) => scenario.id === id)?.title ?? id;
  return table(
    ["control", "caught", "what the claims said"],
    controls.map(({ id, claims, caught, verdicts }) => [
      escapeMarkdown(title(id)),
      caught ? "yes" : "**NO**",
      claims
        .map((claim) => {
          const verdict = verdicts.find((candidate) => candidate.id === claim);
          return verdict === undefined
            ? `${claim} was not judged`
            : `${claim} ${verdict.verdict}: ${escapeMarkdown(verdict.found)}`;
        })
        .join("<br>"),
    ]),
  );
}
