import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, sep } from "node:path";
import type { Command } from "commander";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { attachReport } from "../report/attach.ts";
import { renderReport } from "../report/markdown.ts";
import { findRun, readStoredRun, requireSound } from "../runner/stored.ts";
import { print } from "./terminal.ts";

const defaultDocument = "REVIEW-2pc.md";

/** `pullproof attach RUN`: put a run's report into the review document. */
export function addAttach(program: Command): void {
  program
    .command("attach")
    .description("put a run's report between the markers of the review document")
    .argument("<run>", "folder of a run, or its name under reports/")
    .option("--file <path>", "the document", defaultDocument)
    .option("--json", "print what was attached as JSON")
    .action((name: string, options: { file: string; json?: boolean }) => {
      const run = readStoredRun(findRun(name));
      requireSound(run);
      const { entries, judgement, evidenceHash, folder } = run;
      // The report links to files beside it; in the document those links lead to the run's folder.
      const linkPrefix = `${relative(dirname(options.file), folder).split(sep).join("/")}/`;
      const report = renderReport({ entries, judgement, evidenceHash, linkPrefix });
      putInto(options.file, report);
      const attached = { file: options.file, run: folder, overall: judgement.overall };
      print(
        options.json
          ? JSON.stringify(attached, null, 2)
          : `${options.file}: ${judgement.overall}, run ${folder}`,
      );
    });
}

function putInto(file: string, report: string): void {
  try {
    const document = existsSync(file) ? readFileSync(file, "utf8") : "";
    writeFileSync(file, attachReport(document, report));
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw new Failure(ExitCode.unavailable, {
      what: "the document cannot be read or written",
      seen: messageOf(thrown),
      next: "name a document in a folder that exists: pullproof attach RUN --file PATH",
      cause: thrown,
    });
  }
}
