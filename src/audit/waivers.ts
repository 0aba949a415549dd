import { isRuleId, type RuleId } from "./rules.ts";

/** Who said that a finding may stay, and until when. */
export interface Waiver {
  reason: string;
  /** The last day on which it holds, as `2027-01-31`; null for ever. */
  until: string | null;
}

/** A comment that waives findings on its own line or on the one below. */
interface WaiverComment {
  line: number;
  rules: readonly RuleId[];
  waiver: Waiver;
}

/** A waiver that waives nothing. */
export interface BrokenWaiver {
  line: number;
  rule: "PP901" | "PP902";
}

/** The waivers of a file, as far as they hold. */
export interface Waivers {
  /** What waives a finding of a rule on a line; null for none. */
  of(rule: RuleId, line: number): Waiver | null;
  broken: readonly BrokenWaiver[];
}

/** A comment of any language that the audit reads begins it. */
const comment = /(?:#|\/\/|\/\*|--|;)\s*pullproof:allow\b[ \t]*(.*?)\s*(?:\*\/)?\s*$/;
const day = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Reads the waivers of a text: `pullproof:allow PP101 until=2027-01-31 reason`, with several ids separated by commas.
 * `today` is a day such as `2026-11-23`; a waiver holds to the end of its last day.
 */
export function readWaivers(text: string, today: string): Waivers {
  const holding: WaiverComment[] = [];
  const broken: BrokenWaiver[] = [];
  for (const [index, content] of text.split("\n").entries()) {
    const said = comment.exec(content)?.[1];
    if (said === undefined) continue;
    const line = index + 1;
    const read = parse(said);
    if (read === null) broken.push({ line, rule: "PP901" });
    else if (read.waiver.until !== null && read.waiver.until < today) broken.push({ line, rule: "PP902" });
    else holding.push({ line, ...read });
  }
  return {
    broken,
    of: (rule, line) =>
      holding.find((one) => (one.line === line || one.line === line - 1) && one.rules.includes(rule))
        ?.waiver ?? null,
  };
}

function parse(said: string): Omit<WaiverComment, "line"> | null {
  const [ids = "", ...rest] = said.split(/\s+/);
  const rules = ids.split(",");
  const until = rest[0]?.startsWith("until=") === true ? (rest.shift() ?? "").slice("until=".length) : null;
  const reason = rest.join(" ");
  if (!rules.every(isRuleId) || reason === "" || (until !== null && !isDay(until))) return null;
  return { rules, waiver: { reason, until } };
}

function isDay(text: string): boolean {
  return day.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
}
