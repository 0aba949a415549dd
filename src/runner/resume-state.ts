import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { settingsSchema } from "../config/settings.ts";
import { waitingFile } from "../lab/waiting.ts";
import { scenario } from "../model/plan.ts";
import { writeWhole } from "../write-whole.ts";

/**
 * What it takes to go on with a run that was killed while one of its machines rebooted, beyond the evidence. Secret. It
 * holds no fault of the hub's: no scenario of a verification has one in force while a machine reboots.
 */
const resumeState = z.object({
  /** The host that reboots. */
  host: z.string(),
  /** What is left of its plan, beginning with the step that is under way. */
  scenarios: z.array(scenario),
  settings: settingsSchema,
  deployer: z.enum(["abra", "stack"]),
  /** Token of the hub's account. */
  pat: z.string(),
  keys: z.object({
    certificates: z.object({ ca: z.string(), cert: z.string(), key: z.string() }),
    machine: z.object({ privateKey: z.string(), hostKey: z.string() }),
  }),
  /** Whether `latest` is pointed to the run when it is judged. */
  latest: z.boolean(),
});
export type ResumeState = z.infer<typeof resumeState>;

/** Makes a run resumable from now on, even after a crash of the machine. Never seen half written. */
export async function writeResumeState(folder: string, state: z.input<typeof resumeState>): Promise<void> {
  await writeWhole(join(folder, waitingFile), JSON.stringify(resumeState.parse(state)), 0o600);
}

/** Makes a run no longer resumable, if it was. */
export function forgetResumeState(folder: string): void {
  rmSync(join(folder, waitingFile), { force: true });
}

/** What `writeResumeState` wrote. Throws where there is none. */
export function readResumeState(folder: string): ResumeState {
  return resumeState.parse(JSON.parse(readFileSync(join(folder, waitingFile), "utf8")));
}
