import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import treeSitter, { type Parser as ParserType } from "@vscode/tree-sitter-wasm";

const { Language, Parser } = treeSitter;

/** The languages that tree-sitter reads. */
export const parsed = ["python", "javascript", "typescript", "tsx", "go", "ruby"] as const;
export type ParsedLanguage = (typeof parsed)[number];

/** Parsers of the languages that were asked for. */
export type Parsers = ReadonlyMap<ParsedLanguage, ParserType>;

const grammars = "@vscode/tree-sitter-wasm";
const loaded = new Map<ParsedLanguage, Promise<ParserType>>();

/** Loads the parsers of some languages; each once in the life of the process. */
export async function loadParsers(languages: readonly ParsedLanguage[]): Promise<Parsers> {
  const parsers = await Promise.all(languages.map(async (one) => [one, await parserOf(one)] as const));
  return new Map(parsers);
}

function parserOf(language: ParsedLanguage): Promise<ParserType> {
  const known = loaded.get(language) ?? load(language);
  loaded.set(language, known);
  return known;
}

let begun: Promise<void> | undefined;

async function load(language: ParsedLanguage): Promise<ParserType> {
  begun ??= Parser.init();
  await begun;
  const folder = dirname(createRequire(import.meta.url).resolve(grammars));
  const parser = new Parser();
  parser.setLanguage(await Language.load(join(folder, `tree-sitter-${language}.wasm`)));
  return parser;
}
