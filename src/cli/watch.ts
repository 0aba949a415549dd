import type { Command } from "commander";
import { loadPruneSettings } from "../config/prune-settings.ts";
import { engineFailure, openLocalEngine } from "../policy/engine.ts";
import { type WatchOptions, watch, watchOnce } from "../policy/watch.ts";
import { print, terminalProgress } from "./terminal.ts";

const scanMs = 60_000;
const retryMs = 1_000;

/** `pullproof watch`: keep the record of which image was used when. */
export function addWatch(program: Command): void {
  program
    .command("watch")
    .description("record which image was used when, for the prune policy")
    .option("--once", "bring the record up to date, and end")
    .option("--config <file>", "the prune policy's settings")
    .option("--json", "with --once, print how the record stands as JSON")
    .action(async ({ once, config, json }: { once?: boolean; config?: string; json?: boolean }) => {
      const { stateDir } = loadPruneSettings(config);
      using progress = terminalProgress();
      const options: WatchOptions = {
        open: () => openLocalEngine(process.env),
        stateDir,
        now: Date.now,
        say: progress.say,
      };
      try {
        if (once) {
          const { since, until, images } = await watchOnce(options);
          const known = {
            images: Object.keys(images).length,
            since: new Date(since).toISOString(),
            until: new Date(until).toISOString(),
          };
          print(
            json
              ? JSON.stringify(known, null, 2)
              : `the uses of ${known.images} images are known since ${known.since}`,
          );
          return;
        }
        const end = new AbortController();
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end.abort());
        await watch({ ...options, scanMs, retryMs, signal: end.signal });
      } catch (thrown) {
        throw engineFailure(thrown);
      }
    });
}
