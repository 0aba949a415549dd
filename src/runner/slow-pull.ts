import type { LedgerEntry } from "../hub/ledger.ts";
import type { ImageVariant } from "../model/plan.ts";
import { until } from "../until.ts";
import { begun } from "./begun.ts";
import type { StepContext } from "./steps.ts";

/** An ordinary pull by tag, on its way. */
export interface SlowPull {
  /** Whether bytes of a layer are on their way. */
  goesOn(): boolean;
  /** The line gets as wide as it was. Resolves when the pull is over; null when it ended well, else how it failed. */
  finish(): Promise<string | null>;
}

/** How long a pull may take to begin, and to end once it may. */
const patienceMs = 60_000;

/**
 * Begins a pull over a line that got slow, and resolves once the hub is sending what the pull is to be caught at:
 * `caught` sees the requests that were answered since the pull began. Throws when the pull ended before.
 */
export async function beginSlowPull(
  { host, hub, bytesPerSecond }: Pick<StepContext, "host" | "hub" | "bytesPerSecond">,
  { repository, tag }: ImageVariant,
  slowBytesPerSecond: number,
  caught: (answered: readonly LedgerEntry[]) => boolean = () => true,
): Promise<SlowPull> {
  const { front } = hub;
  const before = front.ledger.length;
  const sending = () => front.underway().some(({ endpoint, bytes }) => endpoint === "blob" && bytes > 0);
  const widen = () => front.setBandwidth(bytesPerSecond);
  let ended = false;
  front.setBandwidth(slowBytesPerSecond);
  const pulled = begun(
    host.exec(["docker", "pull", "--quiet", `${repository}:${tag}`]).finally(() => {
      ended = true;
      widen();
    }),
  );
  await until("the hub sends a layer", patienceMs, async () => {
    if (ended) throw new Error("the pull ended before it could be caught on its way");
    return sending() && caught(front.ledger.since(before)) ? true : "no blob is on its way";
  });
  return {
    goesOn: () => !ended && sending(),
    async finish() {
      widen();
      await until("the pull is over", patienceMs, async () => (ended ? true : "it goes on"));
      const { exitCode, stderr } = await pulled;
      // Where the whole host went down, nobody was left to say why.
      return exitCode === 0 ? null : stderr.trim() || `it broke off with code ${exitCode}`;
    },
  };
}
