import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { settingsSchema } from "../config/settings.ts";
import { waitingFile } from "../lab/waiting.ts";
import { scenario } from "../model/plan.ts";
import { writeWhole } from "../write-whole.ts";

/** What has to be known of any run that is gone on with. */
const common = {
  /** The host that reboots. */
  host: z.string(),
  /** What is left of its plan, beginning with the step that is under way. */
  scenarios: z.array(scenario),
  settings: settingsSchema,
  deployer: z.enum(["abra", "stack"]),
  /** Whether `latest` is pointed to the run when it is judged. */
  latest: z.boolean(),
};

/**
 * What it takes to go on with a run that was killed while one of its machines rebooted, beyond the evidence. Secret. It
 * holds no fault of the hub's: no scenario of a verification has one in force while a machine reboots.
 */
const resumeState = z.object({
  ...common,
  /** Token of the hub's account. */
  pat: z.string(),
  keys: z.object({
    certificates: z.object({ ca: z.string(), cert: z.string(), key: z.string() }),
    machine: z.object({ privateKey: z.string(), hostKey: z.string() }),
  }),
});
export type ResumeState = z.infer<typeof resumeState>;

/**
 * The same for a run on a live host. It lies in the run's own folder, which outlives a reboot of this machine, and holds
 * no secret: as whom the host pulls is read anew there.
 */
const liveState = z.object({
  ...common,
  /** The run's temporary folder on the host. */
  folder: z.string(),
  /** What the witnesses count on the host; see `Site`. */
  interfaceName: z.string(),
  accountedUnits: z.array(z.string()),
});
export type LiveState = z.infer<typeof liveState>;

const anyState = z.union([resumeState, liveState]);

/** Makes a run resumable from now on, even after a crash of the machine. Never seen half written. */
export async function writeResumeState(folder: string, state: z.input<typeof anyState>): Promise<void> {
  await writeWhole(join(folder, waitingFile), JSON.stringify(anyState.parse(state)), 0o600);
}

/** Whether a run waits to be resumed whose state lies in a folder. */
export function waitsIn(folder: string): boolean {
  return existsSync(join(folder, waitingFile));
}

/** Makes a run no longer resumable, if it was. */
export function forgetResumeState(folder: string): void {
  rmSync(join(folder, waitingFile), { force: true });
}

/** What `writeResumeState` wrote of a machine of a lab. Throws where there is none. */
export function readResumeState(folder: string): ResumeState {
  return resumeState.parse(read(folder));
}

/** What `writeResumeState` wrote of a live host. Throws where there is none. */
export function readLiveState(folder: string): LiveState {
  return liveState.parse(read(folder));
}

function read(folder: string): unknown {
  return JSON.parse(readFileSync(join(folder, waitingFile), "utf8"));
}
