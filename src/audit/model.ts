/** The languages that the audit reads. */
export const languages = [
  "shell",
  "makefile",
  "dockerfile",
  "yaml",
  "systemd",
  "crontab",
  "nix",
  "python",
  "javascript",
  "typescript",
  "tsx",
  "go",
  "ruby",
] as const;
export type Language = (typeof languages)[number];

/**
 * A command that a file has a machine run. What other languages say by a call, a module or a setting becomes the
 * command that it amounts to, so that one set of rules judges all of them.
 */
export interface Invocation {
  /** Name and arguments, as far as they are known without running anything; `$NAME` where they are not. */
  words: readonly string[];
  /** Where it begins, from 1. */
  line: number;
  /** The commands whose output it gets, as arguments or on standard input. */
  inputs: readonly Invocation[];
}

/** What a reader has to know beside the text. */
export interface Reading {
  /** Variables that the file sets elsewhere, by name: a word for each field. */
  variables: ReadonlyMap<string, readonly string[]>;
  /** Reads a text in another language that the file holds. */
  embed(language: Language, text: string, variables?: Reading["variables"]): Invocation[];
  /** The language of a file that the text writes, by its path and content; null for one that is not read. */
  languageOf(path: string, content: string): Language | null;
}

/** A text is not of the language that its name promises. */
export class NotParsed extends Error {
  override readonly name = "NotParsed";
}

/** Finds the commands in a text of one language. Throws NotParsed when the text is none. */
export type Reader = (text: string, reading: Reading) => Invocation[];

/** The same commands in a file in which the text begins `by` lines further down. */
export function shift(invocations: readonly Invocation[], by: number): Invocation[] {
  return by === 0 ? [...invocations] : invocations.map((one) => ({ ...one, line: one.line + by }));
}

/** A command by its words alone. */
export function invocation(words: readonly string[], line: number): Invocation {
  return { words, line, inputs: [] };
}

/** The last part of a path: a program by whatever path it is called. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
