/**
 * Makes recorded requests again, each as soon as so many answers have been read as had been when it was recorded,
 * reads every answer as JSON, and does nothing else.
 * usage: bare-calls.ts SOCKET CALLS    (CALLS is the file that record-calls.ts wrote)
 */
import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import type { RecordedCall } from "./record-calls.ts";

const [socketPath = "", file = ""] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(file, "utf8")) as RecordedCall[];
const agent = new Agent({ keepAlive: true });
let sent = 0;
let answers = 0;

function send({ path }: RecordedCall): void {
  get({ socketPath, path, agent }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk) => chunks.push(chunk));
    response.on("end", () => {
      if (response.statusCode !== 200) throw new Error(`${path} was answered with ${response.statusCode}`);
      // Events are one document each line, everything else is one line.
      for (const line of Buffer.concat(chunks).toString().split("\n")) if (line !== "") JSON.parse(line);
      answers += 1;
      sendDue();
    });
  });
}

function sendDue(): void {
  for (let call = calls[sent]; call !== undefined && call.after <= answers; call = calls[sent]) {
    sent += 1;
    send(call);
  }
  // The connections would keep the process, and so does no program that has its answers.
  if (answers === calls.length) agent.destroy();
}

sendDue();
