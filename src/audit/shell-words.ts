import type { ParameterExpansionPart, ParsedScript, Word, WordPart } from "unbash";
import { singleQuoted } from "../shell.ts";
import { baseName, type Invocation } from "./model.ts";

/** What a variable holds, as far as the text tells. */
export interface Value {
  /** A word for each field of an array; one for anything else. */
  fields: readonly string[];
  /** The commands whose output it is. */
  inputs: readonly Invocation[];
}

/** A word after expansion: what it becomes, and the commands whose output went into it. */
export interface Expanded {
  fields: string[];
  inputs: Invocation[];
}

/** What expansion has to know: the variables, and how to read a script that is substituted. */
export interface Scope {
  get(name: string): Value | undefined;
  substitute(script: ParsedScript): Invocation[];
}

/**
 * Expands a word as a shell would, without running anything: variables that are known are split where they are not
 * quoted, those that are not known stay as they are written.
 */
export function expand(word: Word, scope: Scope): Expanded {
  if (word.parts === undefined) return { fields: [word.value], inputs: [] };
  const fields: string[] = [];
  const inputs: Invocation[] = [];
  let open = false;
  /** Adds to the last field, or begins one for each further element. */
  const add = (texts: readonly string[]) => {
    texts.forEach((text, index) => {
      if (open && index === 0) fields.push((fields.pop() ?? "") + text);
      else fields.push(text);
      open = true;
    });
  };
  const part = (one: WordPart, quoted: boolean): void => {
    switch (one.type) {
      case "DoubleQuoted":
      case "LocaleString":
        if (one.parts.length === 0) add([""]);
        for (const child of one.parts) part(child, true);
        return;
      case "SimpleExpansion":
      case "ParameterExpansion": {
        const { value, fields: all } = contentOf(one, scope);
        inputs.push(...value.inputs);
        if (all) add(value.fields);
        else if (quoted) add([value.fields.join(" ")]);
        else add(value.fields.flatMap((field) => field.split(/\s+/).filter((text) => text !== "")));
        return;
      }
      case "CommandExpansion": {
        const made = one.script === undefined ? [] : scope.substitute(one.script);
        const program = located(made);
        if (program === null) inputs.push(...made);
        add([program ?? one.text]);
        return;
      }
      case "ProcessSubstitution":
        if (one.script !== undefined) inputs.push(...scope.substitute(one.script));
        add([one.text]);
        return;
      case "Literal":
      case "SingleQuoted":
      case "AnsiCQuoted":
        add([one.value]);
        return;
      default:
        add([one.text]);
    }
  };
  for (const one of word.parts) part(one, false);
  return { fields, inputs };
}

/** `$(which docker)` is docker. */
function located(made: readonly Invocation[]): string | null {
  const [first, ...more] = made;
  if (first === undefined || more.length > 0) return null;
  const [tool = "", ...rest] = first.words;
  const finds =
    tool === "which" || (tool === "command" && rest[0] === "-v") || (tool === "type" && rest[0] === "-p");
  return finds ? baseName(rest.at(-1) ?? "") : null;
}

/** The value of a variable, or of the operand that stands in for it, and whether each field of it is a word. */
function contentOf(
  part: Extract<WordPart, { type: "SimpleExpansion" | "ParameterExpansion" }>,
  scope: Scope,
): { value: Value; fields: boolean } {
  if (part.type === "SimpleExpansion") {
    const known = scope.get(part.text.slice(1));
    return { value: known ?? unknown(part.text), fields: false };
  }
  const known = scope.get(part.parameter);
  const each = part.index?.text === "@";
  if (known !== undefined) return { value: known, fields: each };
  return { value: standIn(part, scope) ?? unknown(part.text), fields: each };
}

/** `${NAME:-docker}` where NAME is not known. */
function standIn({ operation }: ParameterExpansionPart, scope: Scope): Value | null {
  if (operation?.type !== "Default" || !/^:?[-=]$/.test(operation.operator)) return null;
  return expand(operation.operand, scope);
}

const unknown = (text: string): Value => ({ fields: [text], inputs: [] });

/** A word as a shell reads it; what may be a variable stays one. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./${}-]+$/.test(word) ? word : singleQuoted(word);
}
