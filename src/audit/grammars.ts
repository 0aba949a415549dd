import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Parser } from "@vscode/tree-sitter-wasm";

/** The languages that tree-sitter reads. */
export const parsed = ["python", "javascript", "typescript", "tsx", "go", "ruby"] as const;
export type ParsedLanguage = (typeof parsed)[number];

/** Parsers of the languages that were asked for. */
export type Parsers = ReadonlyMap<ParsedLanguage, Parser>;

const grammars = "@vscode/tree-sitter-wasm";
const loaded = new Map<ParsedLanguage, Promise<Parser>>();

/** Loads the parsers of some languages; each once in the life of the process. */
export async function loadParsers(languages: readonly ParsedLanguage[]): Promise<Parsers> {
  const parsers = await Promise.all(languages.map(async (one) => [one, await parserOf(one)] as const));
  return new Map(parsers);
}

function parserOf(language: ParsedLanguage): Promise<Parser> {
  const known = loaded.get(language) ?? load(language);
  loaded.set(language, known);
  return known;
}

let begun: Promise<void> | undefined;

async function load(language: ParsedLanguage): Promise<Parser> {
  // Loaded where there is something to parse, and not with every command.
  const { Language, Parser } = (await import("@vscode/tree-sitter-wasm")).default;
  begun ??= Parser.init();
  await begun;
  const folder = dirname(createRequire(import.meta.url).resolve(grammars));
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(folder, `tree-sitter-${language}.wasm`)));
  return parser;
}
