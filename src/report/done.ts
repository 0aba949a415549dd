import type { Reason, ReviewState } from "../check/done.ts";
import { visible } from "./escape.ts";

/** Whether a review is done, and if not, each reason with what to do. */
export function renderDone({ file, attached }: ReviewState, reasons: readonly Reason[]): string {
  if (reasons.length === 0)
    return visible(`## DONE may be written into ${file}: it rests on the run ${attached?.folder}`);
  return [
    visible(`## DONE may not be written into ${file}`),
    ...reasons.flatMap(({ what, next }) => [`- ${visible(what)}`, `  next: ${visible(next)}`]),
  ].join("\n");
}

/** The same for a program. */
export function renderDoneJson({ file, attached }: ReviewState, reasons: readonly Reason[]): string {
  return JSON.stringify(
    { done: reasons.length === 0, file, run: attached?.folder ?? null, reasons },
    null,
    2,
  );
}
