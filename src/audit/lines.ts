import { type Reader, type Invocation, shift } from "./model.ts";
import { readShell } from "./shell.ts";

/** A line that may go on over several, joined, and where it begins, from 1. */
export interface LogicalLine {
  text: string;
  line: number;
}

/** Joins lines that end in a backslash. The line ends stay, so that what is read of it keeps its place. */
export function logicalLines(text: string): LogicalLine[] {
  const joined: LogicalLine[] = [];
  let open = false;
  for (const [index, line] of text.split("\n").entries()) {
    const last = joined.at(-1);
    if (open && last !== undefined) last.text += `\n${line}`;
    else joined.push({ text: line, line: index + 1 });
    open = /(^|[^\\])(\\\\)*\\$/.test(line);
  }
  return joined;
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[:+?]*=\s*(.*)$/s;

/** Variables that a Makefile, a unit or a crontab sets, each as one field. */
export function assignments(lines: readonly LogicalLine[], pattern = assignment): Map<string, string[]> {
  return new Map(
    lines.flatMap(({ text }) => {
      const [, name, value] = pattern.exec(text) ?? [];
      return name === undefined || value === undefined ? [] : [[name, [value.replace(/\s*\\\n\s*/g, " ").trim()]] as const];
    }),
  );
}

/** A Makefile: recipe lines, which begin with a tab, with make's own variables in them. */
export const readMakefile: Reader = (text, reading) => {
  const lines = logicalLines(text);
  const variables = new Map([...reading.variables, ...assignments(lines.filter(({ text }) => !text.startsWith("\t")))]);
  const plain = (recipe: string) => recipe.replace(/\$[({]([A-Za-z_]\w*)[)}]/g, "${$1}").replaceAll("$$", "$");
  const resolved = new Map([...variables].map(([name, fields]) => [name, fields.map(plain)]));
  // A variable may hold others: FLAGS = $(ALL) -f.
  const known = new Map([...resolved].map(([name, fields]) => [name, fields.map((field) => filled(field, resolved))]));
  return lines.flatMap(({ text, line }) => {
    const recipe = /^(?:\t|[^\s#:=][^:=]*:[^=;]*;)\s*[-@+]*(.*)$/s.exec(text)?.[1];
    if (recipe === undefined) return [];
    const quiet = recipe.replace(/(\\\n\t?)\s*[-@+]*/g, "$1");
    return shift(readShell(plain(quiet), { ...reading, variables: known }), line - 1);
  });
};

function filled(text: string, variables: ReadonlyMap<string, readonly string[]>): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => variables.get(name)?.join(" ") ?? whole);
}

/** A systemd unit: the commands of `Exec…=`, which are no shell, but quote as one does. */
export const readUnit: Reader = (text, reading) => {
  const lines = logicalLines(text).filter(({ text }) => !/^\s*[#;]/.test(text));
  const environment = lines.flatMap(({ text }) => {
    const [, said] = /^\s*Environment\s*=\s*(.*)$/s.exec(text) ?? [];
    return [...(said ?? "").matchAll(/"(\w+)=([^"]*)"|(\w+)=(\S*)/g)].map(
      ([, quoted, content, bare, word]) => [quoted ?? bare ?? "", [content ?? word ?? ""]] as const,
    );
  });
  const variables = new Map([...reading.variables, ...environment]);
  return lines.flatMap(({ text, line }) => {
    const command = /^\s*Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)\s*=\s*[-@:+!|]*(.*)$/s.exec(text)?.[1];
    return command === undefined ? [] : shift(readShell(command, { ...reading, variables }), line - 1);
  });
};

const schedule = /^\s*(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|(?:[\d*][\d*,/-]*|[A-Za-z]{3}(?:-[A-Za-z]{3})?)(?:\s+(?:[\d*][\w*,/-]*|[A-Za-z]{3}[\w,-]*)){4})\s+(.*)$/;

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

/** A Dockerfile: `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD`, in either form, with here-documents. */
export const readDockerfile: Reader = (text, reading) => {
  const lines = text.split("\n");
  const made: Invocation[] = [];
  const variables = new Map(reading.variables);
  for (let at = 0; at < lines.length; at += 1) {
    const begun = at;
    const [, instruction, rest] = /^\s*(RUN|CMD|ENTRYPOINT|HEALTHCHECK|ENV|ARG|ONBUILD\s+RUN)\s+(.*)$/i.exec(lines[at] ?? "") ?? [];
    if (instruction === undefined || rest === undefined) continue;
    const parts = [rest];
    // A comment between two lines of an instruction is none of it, and does not end it.
    while (/\\\s*$/.test(lines[at] ?? "") || (at > begun && /^\s*#/.test(lines[at] ?? ""))) {
      at += 1;
      if (at >= lines.length) break;
      const next = lines[at] ?? "";
      parts.push(/^\s*#/.test(next) ? "\\" : next);
    }
    const delimiter = /<<-?["']?(\w+)["']?/.exec(parts.join("\n"))?.[1];
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

function readInstruction(text: string, reading: Parameters<Reader>[1]): Invocation[] {
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

/** A word for a shell; what may be a variable stays one. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./${}-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
