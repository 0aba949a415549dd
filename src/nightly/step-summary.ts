import { appendFile } from "node:fs/promises";
import { messageOf } from "../model/failure.ts";
import { nightSection } from "../report/nightly.ts";
import type { Night } from "./night.ts";

/** The variable that names the file which GitHub's Actions show with a job; Forgejo's and Gitea's set it as well. */
export const summaryVariable = "GITHUB_STEP_SUMMARY";

/** Appends a night to a step's summary. Returns what came in the way, and null when nothing did. */
export async function appendSummary(path: string, night: Night): Promise<string | null> {
  try {
    await appendFile(path, `## pullproof nightly\n\n${nightSection(night)}\n`);
    return null;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
