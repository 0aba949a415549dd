import { type Command, InvalidArgumentError } from "commander";
import { reasonsAgainstDone } from "../check/done.ts";
import { ExitCode } from "../model/failure.ts";
import { renderDone, renderDoneJson } from "../report/done.ts";
import { openReview, reviewDocument, reviewState } from "../runner/review.ts";
import { print } from "./terminal.ts";

interface StatusOptions {
  file: string;
  maxAge: number;
  json?: boolean;
}

/** `pullproof status`: say whether a review is done, and if not, why. */
export function addStatus(program: Command): void {
  program
    .command("status")
    .description("say whether ## DONE may be written into the review document, and if not, why")
    .option("--file <path>", "the document", reviewDocument)
    .option("--max-age <days>", "how old the attached run may be", days, 30)
    .option("--json", "print the answer as JSON")
    .action(({ file, maxAge, json }: StatusOptions) => {
      const state = reviewState(openReview(file));
      const reasons = reasonsAgainstDone(state, { now: Date.now(), maxAgeDays: maxAge });
      print(json ? renderDoneJson(state, reasons) : renderDone(state, reasons));
      process.exitCode = reasons.length === 0 ? ExitCode.pass : ExitCode.fail;
    });
}

function days(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It must be a number of days above 0.");
}
