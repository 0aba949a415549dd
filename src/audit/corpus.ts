import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import * as z from "zod";
import { table } from "../report/table.ts";
import { audit } from "./audit.ts";
import type { Finding } from "./finding.ts";
import { languageOf } from "./language.ts";

/** The corpus: files, and an index of what an operator would want to be told of each. */
export const corpusFolder = fileURLToPath(new URL("../../fixtures/audit", import.meta.url));

/** A day on which the waivers of the corpus hold, or do not, as its index says. */
const today = "2026-11-23";

const index = z.record(z.string(), z.array(z.string()));

/** How a file of the corpus was judged. A finding is a rule and a line: `PP101 6`, in brackets where it is waived. */
export interface Judged {
  path: string;
  language: string;
  right: string[];
  /** Found, and not expected. */
  wrong: string[];
  /** Expected, and not found. */
  missed: string[];
}

/** What the index expects of each file, by its path in the corpus. */
export function expectations(): Record<string, string[]> {
  return index.parse(parse(readFileSync(join(corpusFolder, "index.yaml"), "utf8")));
}

/** Audits every file of the corpus. */
export async function judgeCorpus(): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const [path, expected] of Object.entries(expectations())) {
    const file = join(corpusFolder, path);
    const found = (await audit([file], today)).findings.map(nameOf);
    judged.push({
      path,
      language: languageOf(path, readFileSync(file, "utf8")) ?? "documentation",
      right: found.filter((one) => expected.includes(one)),
      wrong: found.filter((one) => !expected.includes(one)),
      missed: expected.filter((one) => !found.includes(one)),
    });
  }
  return judged;
}

const nameOf = ({ rule, line, waiver }: Finding): string => `${waiver === null ? rule : `(${rule})`} ${line}`;

/** Of what was found, the share that was right; and of what was to be found, the share that was. One of nothing is 1. */
export function scoresOf(judged: readonly Judged[]): { precision: number; recall: number } {
  const sum = (of: (one: Judged) => string[]) => judged.reduce((total, one) => total + of(one).length, 0);
  const [right, wrong, missed] = [sum((one) => one.right), sum((one) => one.wrong), sum((one) => one.missed)];
  const share = (part: number, rest: number) => (part + rest === 0 ? 1 : part / (part + rest));
  return { precision: share(right, wrong), recall: share(right, missed) };
}

/** The scores by language as Markdown, and what was got wrong, by file. */
export function renderCorpus(judged: readonly Judged[]): string {
  const groups = [...Map.groupBy(judged, ({ language }) => language)].sort(([a], [b]) => (a < b ? -1 : 1));
  const row = (name: string, all: readonly Judged[]) => {
    const { precision, recall } = scoresOf(all);
    const clean = all.filter(({ path }) => path.startsWith("negative/")).length;
    const expected = all.flatMap(({ right, missed }) => [...right, ...missed]).length;
    return [name, all.length - clean, clean, expected, percent(precision), percent(recall)].map(String);
  };
  const scores = table(
    ["language", "files with findings", "files without", "findings to be found", "precision", "recall"],
    [...groups.map(([name, all]) => row(name, all)), row("**all**", judged)],
    [1, 2, 3, 4, 5],
  );
  const errors = judged.flatMap(({ path, wrong, missed }) => [
    ...wrong.map((one) => `- \`${path}\`: ${one} is reported and should not be`),
    ...missed.map((one) => `- \`${path}\`: ${one} is missed`),
  ]);
  return `${scores}\n\n${errors.length === 0 ? "Nothing is got wrong." : errors.join("\n")}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
