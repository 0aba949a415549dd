import { ruleOf } from "./classify.ts";
import { excerptOf } from "./excerpt.ts";
import type { Finding } from "./finding.ts";
import type { Parsers } from "./grammars.ts";
import type { Invocation, Language } from "./model.ts";
import { commandsIn } from "./read.ts";
import { type RuleId, rules } from "./rules.ts";
import { readWaivers, type Waiver } from "./waivers.ts";

/** A file to be scanned. */
export interface Source {
  path: string;
  language: Language;
  content: string;
}

/**
 * The findings of one file, in the order of its lines. `today` is the day by which waivers expire, as `2026-11-23`.
 * Throws NotParsed where the file cannot be parsed.
 */
export function scan({ path, language, content }: Source, parsers: Parsers, today: string): Finding[] {
  const lines = content.split("\n");
  const waivers = readWaivers(content, today);
  const found = (rule: RuleId, line: number, waiver: Waiver | null): Finding => ({
    rule,
    severity: rules[rule].severity,
    file: path,
    line,
    excerpt: excerptOf(lines[line - 1] ?? ""),
    waiver,
  });
  const broken = broke(commandsIn(language, content, parsers)).map(({ rule, line }) =>
    found(rule, line, waivers.of(rule, line)),
  );
  const unheeded = waivers.broken.map(({ rule, line }) => found(rule, line, null));
  return [...broken, ...unheeded].sort((a, b) => a.line - b.line || (a.rule < b.rule ? -1 : 1));
}

/** The rules that commands break, each once a line. */
function broke(invocations: readonly Invocation[]): { rule: RuleId; line: number }[] {
  const torn = Math.min(...invocations.filter(tearsDown).map(({ line }) => line));
  const all = invocations.flatMap((one) => {
    const rule = ruleOf(one);
    if (rule === null) return [];
    return [{ rule: rule === "PP204" && one.line >= torn ? ("PP205" as const) : rule, line: one.line }];
  });
  return [...new Map(all.map((one) => [`${one.rule} ${one.line}`, one])).values()];
}

/** Commands that take an app down, after which removing its images is what a teardown does. */
function tearsDown({ words }: Invocation): boolean {
  return /\b(docker\s+stack\s+(rm|remove|down)|(docker\s+compose|docker-compose)\s.*\bdown|abra\s+a(pp)?\s+un(deploy)?)\b/.test(
    words.join(" "),
  );
}
