import { renderVerdicts } from "../report/verdicts.ts";
import { files } from "../runner/run-folder.ts";
import type { VerifyResult } from "../runner/verify.ts";
import { print, printSummary } from "./terminal.ts";

/** Prints what a run that has just been made ended with: as a table and the place of its report, or as JSON. */
export function printResult({ folder, judgement, entries }: VerifyResult, json: boolean): void {
  if (json) print(renderVerdicts(judgement).trimEnd());
  else {
    printSummary(judgement, entries);
    print(`report: ${folder}/${files.report}`);
  }
}
