/**
 * Preloaded into a program, writes down its requests as they are sent: a JSON array of RecordedCall into the file
 * that PULLPROOF_BENCH_CALLS names, when the program ends.
 */
import { subscribe } from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";
import type { ClientRequest, IncomingMessage } from "node:http";

/** One request of a program. */
export interface RecordedCall {
  path: string;
  /** How many answers the program had read when it sent this. */
  after: number;
}

const calls: RecordedCall[] = [];
let answers = 0;
subscribe("http.client.request.start", (message) => {
  calls.push({ path: (message as { request: ClientRequest }).request.path, after: answers });
});
// It is published as soon as an answer begins.
subscribe("http.client.response.finish", (message) => {
  (message as { response: IncomingMessage }).response.once("end", () => {
    answers += 1;
  });
});
process.once("exit", () => writeFileSync(process.env.PULLPROOF_BENCH_CALLS ?? "", JSON.stringify(calls)));
