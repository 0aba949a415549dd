import type { Boundary, History } from "../check/history.ts";
import { nameOf } from "../check/store.ts";
import { list } from "../check/units.ts";
import { escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** What a run left on hosts that are not its own: everything that was there before it and after it. Null without any. */
export function asFoundSection(history: History): string | null {
  const live = history.environments.filter(({ data }) => data.hub === null);
  if (live.length === 0) return null;
  return live.map(({ host }) => onHost(history, host)).join("\n\n");
}

function onHost({ timeline }: History, host: string | null): string {
  const steps = timeline.filter((step) => step.host === host);
  const [first, last] = [steps[0]?.before, steps.at(-1)?.after];
  const title = `On ${escapeMarkdown(host ?? "an unnamed host")}:`;
  if (first === undefined || last === undefined) return `${title} it was not looked at.`;
  const rows = kinds.map((kind) => row(kind, namesOf(first, kind), namesOf(last, kind)));
  return [title, table(["", "before", "after", "new", "gone"], rows, [1, 2])].join("\n\n");
}

const kinds = ["images", "services", "containers", "networks", "volumes", "secrets", "configs"] as const;

/** Null where they were not seen. */
function namesOf(boundary: Boundary, kind: (typeof kinds)[number]): string[] | null {
  if (kind === "images") return boundary.images?.data.images.map(nameOf) ?? null;
  return boundary.inventory?.data[kind] ?? null;
}

function row(kind: string, before: string[] | null, after: string[] | null): string[] {
  if (before === null || after === null) return [kind, "?", "?", "not seen", "not seen"];
  const [had, has] = [new Set(before), new Set(after)];
  const names = (found: string[]) => (found.length === 0 ? "none" : escapeMarkdown(list(found, 6)));
  return [
    kind,
    String(before.length),
    String(after.length),
    names(after.filter((name) => !had.has(name))),
    names(before.filter((name) => !has.has(name))),
  ];
}
