import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { unitMs } from "../../policy/age.ts";
import { diskOf } from "../../policy/look.ts";
import type { UseRecord } from "../../policy/model.ts";
import { statePath } from "../../policy/state-file.ts";
import type { FakeEngineSettings } from "./fake-engine.ts";
import { freeableUnits, type SyntheticHost, type SyntheticImage, syntheticHost } from "./inventory.ts";

/** A fake engine with a synthetic host that it tells of, and all that a prune on that host reads besides. */
export interface SyntheticEngine extends AsyncDisposable {
  socket: string;
  /** The prune policy's settings, with marks that the disk is above: about half of what may go is to go. */
  config: string;
}

const program = fileURLToPath(new URL("fake-engine.ts", import.meta.url));
/** The record of use was written so long ago: a watcher writes it each minute. */
const watchedMs = 60_000;
/** What a large host deploys comes from so many recipes: the others of its apps are of the same ones. */
const recipes = 100;
/** Longer than any image of the host is unused. */
const watchedDays = 90;

/** Starts a fake engine in a process of its own, with so many images. All that it needs goes into `folder`. */
export async function openSyntheticEngine(folder: string, images: number): Promise<SyntheticEngine> {
  const [dataRoot, stateDir, abraDir] = ["data", "state", "abra"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [dataRoot, stateDir]) mkdirSync(path);
  // The policy looks at the real disk, so the layers are as large as that makes sense for.
  const { usedBytes } = await diskOf(dataRoot);
  const freeable = usedBytes * 0.3;
  const unitBytes = Math.max(1, Math.floor(freeable / (freeableUnits * images)));
  const host = syntheticHost(images, unitBytes);
  const since = Date.now() - watchedMs;
  const engine = { id: "synthetic", dataRoot, since };
  writeFileSync(statePath(stateDir), JSON.stringify(useRecord(host, engine)));
  writeRecipes(abraDir, host);
  const config = join(folder, "prune.yaml");
  const marks = {
    high: `${Math.floor(usedBytes - freeable / 4)}B`,
    low: `${Math.floor(usedBytes - freeable / 2)}B`,
  };
  writeFileSync(config, stringify({ ...marks, keep: host.keep, abraDir, stateDir }));
  const socket = join(folder, "engine.sock");
  const stop = await start(socket, { ...engine, images, unitBytes });
  return { socket, config, [Symbol.asyncDispose]: stop };
}

/** What a watcher would have written. */
function useRecord({ images }: SyntheticHost, { id, since }: { id: string; since: number }): UseRecord {
  const ago = (days: number) => since - days * unitMs.day;
  const resolvable = images.filter(({ role }) => role === "deployed" || role === "pinned");
  return {
    version: 1,
    engine: id,
    since: ago(watchedDays),
    until: since,
    images: Object.fromEntries(
      images.map((image) => [
        image.id,
        { firstSeen: ago(image.usedDaysAgo), lastUse: ago(image.usedDaysAgo) },
      ]),
    ),
    resolved: Object.fromEntries(
      resolvable.map((image) => [resolvedKey(image), { digest: image.digest, at: since }]),
    ),
  };
}

/** A tag as the record of use has it, with an official image's `library/`. */
function resolvedKey({ repository, tag }: SyntheticImage): string {
  return `${repository.includes("/") ? repository : `library/${repository}`}:${tag}`;
}

/** A recipe for each of the first repositories, in a folder like abra's. */
function writeRecipes(abraDir: string, { images }: SyntheticHost): void {
  const pinned = images.filter(({ role }) => role === "pinned");
  for (const { repository, tag } of pinned.slice(0, recipes)) {
    const recipe = join(abraDir, "recipes", repository.replace(/\W+/g, "-"));
    mkdirSync(recipe, { recursive: true });
    const services = { app: { image: `${repository}:${tag}`, networks: ["proxy"], volumes: ["data:/data"] } };
    writeFileSync(join(recipe, "compose.yml"), stringify({ version: "3.8", services }));
  }
}

async function start(socket: string, settings: FakeEngineSettings): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [program, socket, JSON.stringify(settings)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  if (line !== "ready") throw new Error(`the fake engine did not start: ${line}`);
  const pidFile = socket.replace(/sock$/, "pid");
  writeFileSync(pidFile, String(child.pid));
  // It has been running for longer than anybody watched.
  utimesSync(pidFile, 0, 0);
  return async () => {
    child.stdin.end();
    await ended;
  };
}
