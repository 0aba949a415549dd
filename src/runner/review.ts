import { existsSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { ReviewState } from "../check/done.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { readUtf8 } from "../read-utf8.ts";
import { attachedReport, attachReport } from "../report/attach.ts";
import { renderReview, reviewedRun } from "../report/review.ts";
import { files } from "./run-folder.ts";
import { readStoredRun, type StoredRun } from "./stored.ts";

/** The document that reviews are attached to where none is named. */
export const reviewDocument = "REVIEW-2pc.md";

/** A review document. */
export interface ReviewDocument {
  /** As it was named. */
  file: string;
  /** Where it lies, if it was named by a link. */
  path: string;
  /** Empty for one that is not there yet. */
  text: string;
}

/** Reads a review document. Throws a Failure (unavailable) where that cannot be. */
export function openReview(file: string): ReviewDocument {
  if (!existsSync(file)) return { file, path: file, text: "" };
  try {
    const path = realpathSync(file);
    return { file, path, text: readUtf8(path) };
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the document cannot be read",
      seen: messageOf(thrown),
      next: "name the review document: --file PATH",
      cause: thrown,
    });
  }
}

/** The text of a document with a run attached. Throws a Failure (bad configuration) where its markers are no pair. */
export function withReview({ path, text }: ReviewDocument, run: StoredRun): string {
  // What the review links to lies in the run's folder, and so do the commands that it names.
  const folder = relative(dirname(path), run.folder).split(sep).join("/") || ".";
  return attachReport(text, renderReview({ ...run, folder }));
}

/** What a document and the run that it names are like. Throws a Failure (bad configuration) where its markers are no pair. */
export function reviewState(document: ReviewDocument): ReviewState {
  const { file, path, text } = document;
  const reviewed = reviewedRun(attachedReport(text) ?? "");
  if (reviewed === null) return { file, attached: null, run: null };
  const folder = relative(process.cwd(), resolve(dirname(path), reviewed.folder)) || ".";
  const attached = { folder, evidenceHash: reviewed.evidenceHash };
  try {
    return { file, attached, run: storedState(document, folder) };
  } catch (thrown) {
    const why = thrown instanceof Failure ? thrown.message : `${folder} cannot be read: ${messageOf(thrown)}`;
    return { file, attached, run: why };
  }
}

function storedState(document: ReviewDocument, folder: string): ReviewState["run"] {
  if (!existsSync(join(folder, files.evidence))) return `the run's folder ${folder} is not there`;
  const run = readStoredRun(folder);
  const [begin = Number.NaN, end = Number.NaN] = [run.entries.at(0), run.entries.at(-1)].map((entry) =>
    Date.parse(entry?.wall ?? ""),
  );
  return { ...run, begin, end, asAttached: withReview(document, run) === document.text };
}
