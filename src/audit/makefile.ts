import { assignments, logicalLines } from "./lines.ts";
import { type Reader, shift } from "./model.ts";
import { readShell } from "./shell.ts";

/** A Makefile: recipe lines, which begin with a tab, with make's own variables in them. */
export const readMakefile: Reader = (text, reading) => {
  const lines = logicalLines(text);
  const variables = new Map([
    ...reading.variables,
    ...assignments(lines.filter(({ text }) => !text.startsWith("\t"))),
  ]);
  const plain = (recipe: string) =>
    recipe.replace(/\$[({]([A-Za-z_]\w*)[)}]/g, (_, name: string) => `\${${name}}`).replaceAll("$$", "$");
  const resolved = new Map([...variables].map(([name, fields]) => [name, fields.map(plain)]));
  // A variable may hold others: FLAGS = $(ALL) -f.
  const known = new Map(
    [...resolved].map(([name, fields]) => [name, fields.map((field) => filled(field, resolved))]),
  );
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
