import type Docker from "dockerode";
import * as z from "zod";

const answer = z.object({ SpaceReclaimed: z.number() });

/**
 * Removes what the engine's build cache has not used for so many milliseconds, and returns the bytes that the
 * engine says it freed. The cache is no image, and this is the only way in which the API gives any of it up.
 */
export async function pruneBuildCache(docker: Docker, minAgeMs: number): Promise<number> {
  const filters = { until: [`${Math.ceil(minAgeMs / 1000)}s`] };
  // Not dockerode's pruneBuilder: that drops its options, and without the filter everything would go.
  const pruned = await new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: "/build/prune?",
        method: "POST",
        options: { _query: { filters }, _body: {} },
        statusCodes: { 200: true, 500: "server error" },
      },
      (error: unknown, body: unknown) => (error ? reject(error) : resolve(body)),
    );
  });
  return answer.parse(pruned).SpaceReclaimed;
}
