import { count, list } from "../check/units.ts";
import type { HostState } from "./model.ts";

/**
 * Why nothing may be removed at this moment: a service that is not up, a task that may be about to start from an
 * image that nothing uses yet, or a pull, whose layers nothing holds yet (moby/moby#53321). Null when nothing is in
 * the way.
 */
export function busyReason(state: Pick<HostState, "services" | "tasksUnderway" | "pulls">): string | null {
  const short = state.services
    .filter(({ running, desired }) => running < desired)
    .map(({ name, running, desired }) => `${name} (${running} of ${desired} running)`);
  const reasons = [
    [short, "service is not up", "services are not up"],
    [state.tasksUnderway, "task is under way", "tasks are under way"],
    [state.pulls, "pull is in flight", "pulls are in flight"],
  ] as const;
  const found = reasons.filter(([names]) => names.length > 0);
  if (found.length === 0) return null;
  return found
    .map(([names, one, more]) => `${count(names.length, one, more)}: ${list(names.toSorted())}`)
    .join("; ");
}
