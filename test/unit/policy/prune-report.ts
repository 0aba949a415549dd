import type { Applied } from "../../../src/policy/apply.ts";
import { planPrune } from "../../../src/policy/plan.ts";
import type { PruneReport } from "../../../src/report/prune.ts";
import { type Changes, container, disk, host, image, now, sha } from "./hosts.ts";

export const orphan = image("orphan", ["orphan:1"]);
export const used = image("used", ["used:1"]);

/** What came of a plan that removed the orphan. */
export const removed = { removed: [{ id: sha("orphan"), name: "orphan:1", freedBytes: 300 }], skipped: [] };

/** The report of a plan for a host with an orphan and a used image, and of what came of it. */
export function reportOf(changes: Changes, applied: Partial<Applied> | null = null): PruneReport {
  const input = host({
    images: [orphan, used],
    ...changes,
    state: { containers: [container("used", "used:1")], ...changes.state },
  });
  const { state, record, rules, layerBytes } = input;
  return {
    survey: {
      now,
      state,
      rules,
      record,
      layerBytes,
      gap: null,
      stateProblem: null,
      plan: planPrune(input),
      containers: [],
    },
    dataRoot: "/data",
    warnings: [],
    applied:
      applied === null
        ? null
        : {
            containers: { removed: [], skipped: [] },
            buildCacheBytes: null,
            images: { removed: [], skipped: [] },
            left: [],
            busy: null,
            failure: null,
            unknown: null,
            disk: disk(600),
            reached: true,
            ...applied,
          },
  };
}
