import { diff } from "node:util";
import type { PlannedFile } from "./plan.ts";

const words: Record<PlannedFile["state"], string> = {
  new: "new",
  changed: "changed; - is what is there, + what will be",
  unchanged: "unchanged",
  kept: "yours, and stays as it is",
};

/** What will be written, for people: each file with its state, and the lines that come and go. */
export function renderFiles(plan: readonly PlannedFile[]): string {
  return plan.map(renderFile).join("\n");
}

function renderFile({ path, state, before, after }: PlannedFile): string {
  const lines = before === after ? [] : marked(linesOf(before ?? ""), linesOf(after));
  return [`${path}: ${words[state]}`, ...lines.map((line) => `  ${line}`.trimEnd()), ""].join("\n");
}

function marked(before: string[], after: string[]): string[] {
  // Node's diff calls what only its first argument has an insertion.
  return diff(before, after).map(([kind, line]) => `${kind > 0 ? "-" : kind < 0 ? "+" : " "} ${line}`);
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
