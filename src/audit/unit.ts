import { logicalLines } from "./lines.ts";
import { type Reader, shift } from "./model.ts";
import { readShell } from "./shell.ts";

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
    const command =
      /^\s*Exec(?:Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)\s*=\s*[-@:+!|]*(.*)$/s.exec(
        text,
      )?.[1];
    return command === undefined ? [] : shift(readShell(command, { ...reading, variables }), line - 1);
  });
};
