import { readCode } from "./code.ts";
import { readCrontab } from "./crontab.ts";
import { readDockerfile } from "./dockerfile.ts";
import type { ParsedLanguage, Parsers } from "./grammars.ts";
import { languageOf } from "./language.ts";
import { readMakefile } from "./makefile.ts";
import { type Invocation, type Language, NotParsed, type Reader, type Reading } from "./model.ts";
import { readNix } from "./nix.ts";
import { readShell } from "./shell.ts";
import { readUnit } from "./unit.ts";
import { readYaml } from "./yaml.ts";

const readers: Readonly<Record<Exclude<Language, ParsedLanguage>, Reader>> = {
  shell: readShell,
  makefile: readMakefile,
  dockerfile: readDockerfile,
  yaml: readYaml,
  systemd: readUnit,
  crontab: readCrontab,
  nix: readNix,
};

/** The commands in a text of a language. Throws NotParsed where the text is none. */
export function commandsIn(language: Language, text: string, parsers: Parsers): Invocation[] {
  const reading: Reading = {
    variables: new Map(),
    languageOf,
    embed: (inner, content) => read(inner, content, { ...reading, variables: new Map() }),
  };
  function read(one: Language, content: string, own: Reading): Invocation[] {
    if (one in readers) return readers[one as keyof typeof readers](content, own);
    const parser = parsers.get(one as ParsedLanguage);
    if (parser === undefined) throw new NotParsed(`there is no parser of ${one}`);
    return readCode(content, parser, own);
  }
  return read(language, text, reading);
}
