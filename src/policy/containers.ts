import type Docker from "dockerode";
import { nullIfMissing } from "../not-found.ts";
import type { HostContainer } from "./model.ts";

/** A container that has ended and that nothing but its name is left of. */
export interface StoppedContainer {
  id: string;
  name: string;
  /** When it ended; for one that was never started, when it was made. */
  endedAt: number;
}

/** States in which no process of a container runs, nor is about to. */
const ended = new Set(["created", "exited", "dead"]);

/**
 * Stopped containers that ended at least so many milliseconds ago, oldest end first. Those of swarm tasks are not
 * among them: swarm keeps a few of each service as their history, and removes them itself.
 */
export async function stoppedContainers(
  docker: Docker,
  containers: readonly HostContainer[],
  minAgeMs: number,
  now: number,
): Promise<StoppedContainer[]> {
  const found: StoppedContainer[] = [];
  for (const container of containers) {
    if (container.task || !ended.has(container.state)) continue;
    const stopped = await stoppedContainer(docker, container.id);
    if (stopped !== null && now - stopped.endedAt >= minAgeMs) found.push(stopped);
  }
  return found.sort((a, b) => a.endedAt - b.endedAt || (a.id < b.id ? -1 : 1));
}

/** A container that has ended, by its ID; null when it runs again, or is gone. */
export async function stoppedContainer(docker: Docker, id: string): Promise<StoppedContainer | null> {
  const found = await nullIfMissing(docker.getContainer(id).inspect());
  if (found === null || !ended.has(found.State.Status)) return null;
  const { Id, Name, Created, State } = found;
  // The end of one that never ran is the year 1.
  const endedAt = Math.max(Date.parse(State.FinishedAt), Date.parse(Created));
  return { id: Id, name: Name.replace(/^\//, ""), endedAt };
}
