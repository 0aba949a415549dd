import { assignments } from "./lines.ts";
import { type Invocation, type Reader, shift } from "./model.ts";
import { readShell } from "./shell.ts";

/** The five fields of a time, or a name for them, and the command: crontab(5). */
const schedule =
  /^\s*(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|(?:[\d*][\d*,/-]*|[A-Za-z]{3}(?:-[A-Za-z]{3})?)(?:\s+(?:[\d*][\w*,/-]*|[A-Za-z]{3}[\w,-]*)){4})\s+(.*)$/;

/** A crontab. In those of the system the command comes after a user, who is read as a command that is none. */
export const readCrontab: Reader = (text, reading) => {
  const lines = text.split("\n").map((text, index) => ({ text, line: index + 1 }));
  const variables = new Map([...reading.variables, ...assignments(lines)]);
  return lines.flatMap(({ text, line }): Invocation[] => {
    const command = schedule.exec(text)?.[1];
    if (command === undefined) return [];
    // An unescaped percent sign begins what the command reads: crontab(5).
    const own = command.replace(/(^|[^\\])%.*$/, "$1").replaceAll("\\%", "%");
    const read = (text: string) => shift(readShell(text, { ...reading, variables }), line - 1);
    return [...read(own), ...read(own.replace(/^\S+\s*/, ""))];
  });
};
