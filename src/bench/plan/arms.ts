import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { SyntheticEngine } from "./synthetic-engine.ts";

/** How one program went, from its start to its end. */
export interface Sample {
  seconds: number;
  peakBytes: number;
}

const run = promisify(execFile);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const cli = here("../../cli/main.ts");
/** A plan of ten thousand images is some text. */
const maxBuffer = 100_000_000;

/** Plans by the shipped command, from its start to its end. Throws an Error when that would remove nothing. */
export async function planOnce(engine: SyntheticEngine, folder: string): Promise<Sample> {
  const { output, ...sample } = await measured([cli, ...pruneWords(engine)], folder, engineEnv(engine));
  if (output.startsWith("would remove")) return sample;
  throw new Error(`the disk that was to be under pressure is not: ${output.slice(0, 300)}`);
}

/** Starts the shipped command, which loads what a plan needs, and does nothing. */
export function startOnly(folder: string): Promise<Sample> {
  return measured([cli, "prune", "--help"], folder, process.env);
}

/** Plans once, and writes down the requests that it takes. Returns the file. */
export async function recordCalls(engine: SyntheticEngine, folder: string): Promise<string> {
  const calls = join(folder, "calls.json");
  const argv = ["--import", here("record-calls.ts"), cli, ...pruneWords(engine)];
  await run(process.execPath, argv, {
    env: { ...engineEnv(engine), PULLPROOF_BENCH_CALLS: calls },
    maxBuffer,
  });
  return calls;
}

/** Makes the recorded requests again, by a program that does nothing else. */
export function bareCalls(engine: SyntheticEngine, folder: string, calls: string): Promise<Sample> {
  return measured([here("bare-calls.ts"), engine.socket, calls], folder, process.env);
}

const pruneWords = ({ config }: SyntheticEngine) => ["prune", "--config", config];

function engineEnv({ socket }: SyntheticEngine): NodeJS.ProcessEnv {
  return { ...process.env, DOCKER_HOST: `unix://${socket}` };
}

async function measured(
  argv: string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<Sample & { output: string }> {
  const peak = join(folder, "peak");
  const begun = performance.now();
  const { stdout } = await run(process.execPath, ["--import", here("peak-memory.ts"), ...argv], {
    env: { ...env, PULLPROOF_BENCH_PEAK: peak },
    maxBuffer,
  });
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, peakBytes: Number(readFileSync(peak, "utf8")), output: stdout };
}
