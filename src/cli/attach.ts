import { statSync } from "node:fs";
import type { Command } from "commander";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { visible } from "../report/escape.ts";
import { openReview, reviewDocument, withReview } from "../runner/review.ts";
import { findRun, readStoredRun, requireSound, type StoredRun } from "../runner/stored.ts";
import { writeWhole } from "../write-whole.ts";
import { print } from "./terminal.ts";

/** `pullproof attach RUN`: put a run's report into the review document. */
export function addAttach(program: Command): void {
  program
    .command("attach")
    .description("put a run's verdicts and report between the markers of the review document")
    .argument("<run>", "folder of a run, or its name under reports/")
    .option("--file <path>", "the document", reviewDocument)
    .option("--json", "print what was attached as JSON")
    .action(async (name: string, { file, json }: { file: string; json?: boolean }) => {
      const run = readStoredRun(findRun(name));
      requireSound(run);
      await putInto(file, run);
      const { folder, judgement, evidenceHash } = run;
      const attached = { file, run: folder, overall: judgement.overall, evidenceHash };
      print(
        json ? JSON.stringify(attached, null, 2) : visible(`${file}: ${judgement.overall}, run ${folder}`),
      );
    });
}

async function putInto(file: string, run: StoredRun): Promise<void> {
  const document = openReview(file);
  const text = withReview(document, run);
  const mode = statSync(document.path, { throwIfNoEntry: false })?.mode;
  try {
    await writeWhole(document.path, text, mode === undefined ? undefined : mode & 0o7777);
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the document cannot be written",
      seen: messageOf(thrown),
      next: "name a document in a folder that exists: pullproof attach RUN --file PATH",
      cause: thrown,
    });
  }
}
