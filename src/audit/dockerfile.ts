import { type Invocation, type Reader, type Reading, shift } from "./model.ts";
import { readShell } from "./shell.ts";
import { quoted } from "./shell-words.ts";

/** A Dockerfile: `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD`, in either form, with here-documents. */
export const readDockerfile: Reader = (text, reading) => {
  const lines = text.split("\n");
  const made: Invocation[] = [];
  const variables = new Map(reading.variables);
  for (let at = 0; at < lines.length; at += 1) {
    const begun = at;
    const [, instruction, rest] =
      /^\s*(RUN|CMD|ENTRYPOINT|HEALTHCHECK|ENV|ARG|ONBUILD\s+RUN)\s+(.*)$/i.exec(lines[at] ?? "") ?? [];
    if (instruction === undefined || rest === undefined) continue;
    const parts = [rest];
    // A comment between two lines of an instruction is none of it, and does not end it.
    while (/\\\s*$/.test(lines[at] ?? "") || (at > begun && /^\s*#/.test(lines[at] ?? ""))) {
      at += 1;
      if (at >= lines.length) break;
      const next = lines[at] ?? "";
      parts.push(/^\s*#/.test(next) ? "\\" : next);
    }
    const delimiter = /(?<!<)<<-?["']?(\w+)["']?/.exec(parts.join("\n"))?.[1];
    while (delimiter !== undefined && at + 1 < lines.length && parts.at(-1)?.trim() !== delimiter) {
      at += 1;
      parts.push(lines[at] ?? "");
    }
    if (/^(ENV|ARG)$/i.test(instruction)) {
      const [, name, value] = /^([A-Za-z_]\w*)[= ]\s*"?([^"]*)"?/.exec(rest) ?? [];
      if (name !== undefined && value !== undefined) variables.set(name, [value]);
      continue;
    }
    made.push(...shift(readInstruction(parts.join("\n"), { ...reading, variables }), begun));
  }
  return made;
};

function readInstruction(text: string, reading: Reading): Invocation[] {
  const command = text.replace(/^(?:\s*--\w[\w-]*=\S+)+\s*/, "").replace(/^\s*CMD\s+/i, "");
  const words = jsonStrings(command);
  if (words !== null) return readShell(words.map(quoted).join(" "), reading);
  // `RUN <<EOF` has the text run by a shell.
  return readShell(/^\s*<</.test(command) ? `sh ${command}` : command, reading);
}

function jsonStrings(text: string): string[] | null {
  if (!text.trim().startsWith("[")) return null;
  try {
    const parsed: unknown = JSON.parse(text.replaceAll("\\\n", "\n"));
    return Array.isArray(parsed) && parsed.every((word) => typeof word === "string") ? parsed : null;
  } catch {
    return null;
  }
}
