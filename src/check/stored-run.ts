import type * as z from "zod";
import { type Entry, entry, evidenceVersion, type Kind } from "../model/evidence.ts";

/** A stored history as it was read. */
export interface ParsedEvidence {
  /** The lines that could be read. */
  entries: Entry[];
  /** What is wrong with the text, one sentence each, in line order. Empty for sound evidence. */
  problems: string[];
}

const kinds: ReadonlySet<string> = new Set<Kind>(entry.options.map((option) => option.shape.kind.value));

/**
 * Reads evidence.jsonl, strictly. `sealed` says that the run wrote its manifest, which is the last thing that a run
 * does: then the evidence must have its end. An interrupted run has none, and there a torn last line is left out
 * without complaint, because it is what a crash leaves behind.
 */
export function parseEvidence(text: string, sealed: boolean): ParsedEvidence {
  const parsed: ParsedEvidence = { entries: [], problems: [] };
  const lines = text.split("\n");
  const rest = lines.pop();
  if (rest !== "" && sealed)
    parsed.problems.push(`line ${lines.length + 1} is cut short: the evidence was truncated`);
  if (lines.length === 0) return { entries: [], problems: ["the evidence is empty"] };
  let expected = 1;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const result = parseLine(line);
    if (typeof result === "string") {
      parsed.problems.push(`line ${number} ${result}`);
      expected += 1;
      // A history without its header cannot be read at all.
      if (number === 1) return parsed;
      continue;
    }
    const misplaced = placement(result, number, expected, parsed.entries.at(-1));
    if (misplaced !== null) parsed.problems.push(`line ${number} ${misplaced}`);
    if (number === 1 && result.kind !== "run") return parsed;
    expected = result.seq + 1;
    parsed.entries.push(result);
  }
  if (sealed && parsed.entries.at(-1)?.kind !== "end") {
    parsed.problems.push(`line ${lines.length} is not the end of a run: lines were cut off after it`);
  }
  return parsed;
}

/** The entry, or what is wrong with the line, to be read after "line 7". */
function parseLine(line: string): Entry | string {
  if (line.trim() === "") return "is empty";
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return "is not JSON: it was cut short or edited";
  }
  if (!isRecord(raw) || typeof raw.kind !== "string") return "has no kind";
  if (!kinds.has(raw.kind)) return `has the unknown kind ${JSON.stringify(raw.kind)}`;
  if (raw.kind === "run" && isRecord(raw.data) && raw.data.evidenceVersion !== evidenceVersion) {
    return `has evidence of version ${JSON.stringify(raw.data.evidenceVersion)}, and this pullproof reads version ${evidenceVersion}`;
  }
  const { data, error } = entry.safeParse(raw);
  if (error !== undefined)
    return `does not fit its kind ${raw.kind}: ${error.issues.map(describe).join("; ")}`;
  const foreign = unknownKey(raw, data);
  return foreign === null ? data : `has the unknown key ${JSON.stringify(foreign)}`;
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return `${path.join(".") || "the line"}: ${message}`;
}

/** The first key that the format does not know, as a path; null when there is none. */
function unknownKey(raw: unknown, known: unknown, path = ""): string | null {
  if (!isRecord(raw) || !isRecord(known)) return null;
  for (const [key, value] of Object.entries(raw)) {
    const here = path === "" ? key : `${path}.${key}`;
    if (!Object.hasOwn(known, key)) return here;
    const deeper = unknownKey(value, known[key], here);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** Arrays count: their indexes are keys. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function placement(found: Entry, line: number, expected: number, previous: Entry | undefined): string | null {
  if (line === 1 && found.kind !== "run") return "is not the header of a run: the beginning is missing";
  if (line > 1 && found.kind === "run") return "is a second header: two runs were put together";
  if (previous?.kind === "end") return "comes after the end of the run";
  if (found.seq > expected)
    return `has number ${found.seq} where ${expected} is due: lines before it are missing`;
  if (found.seq < expected)
    return `has number ${found.seq} where ${expected} is due: lines were reordered or repeated`;
  return null;
}
