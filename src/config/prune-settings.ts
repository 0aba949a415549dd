import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { oldAfterDays } from "../model/pressure.ts";
import { unitMs } from "../policy/age.ts";
import { defaultMarks, parseMark, requireOrder } from "../policy/marks.ts";

/** The file that is read when none is named, if it is there. */
export const pruneSettingsFile = "/etc/pullproof/prune.yaml";

/** Where the record of use and the run lock lie on a host that is set up by default. */
export const defaultStateDir = "/var/lib/pullproof";

const durationUnits = { s: unitMs.second, m: unitMs.minute, h: unitMs.hour, d: unitMs.day };

/** Reads `7d`, `36h`, `90m` or `30s` as milliseconds. Null for anything else. */
export function parseDuration(text: string): number | null {
  const [, digits, unit] = /^(\d+) ?([smhd])$/.exec(text.trim()) ?? [];
  const milliseconds = Number(digits) * durationUnits[unit as keyof typeof durationUnits];
  return Number.isSafeInteger(milliseconds) ? milliseconds : null;
}

const duration = textOf("a number with s, m, h or d, such as 7d", parseDuration);
const mark = textOf("a percentage such as 80%, or a size such as 40GB", parseMark);
/** A service runs in any working directory. */
const path = z.string().refine(isAbsolute, "expected an absolute path");
/** Globs longer than a few names are no globs that somebody wrote. */
const glob = z.string().trim().min(1).max(1_000);
/** What may be removed when it is unused for so long; null for what is left alone. */
const optIn = z.strictObject({ minAge: duration }).nullable().default(null);

/**
 * The prune policy's settings and their defaults: marks as shares from 0 to 1 or in bytes, ages in milliseconds.
 * docs/prune-policy.md tells what each means.
 */
const schema = z.strictObject({
  high: mark.default(defaultMarks.high),
  low: mark.default(defaultMarks.low),
  minAge: duration.default(oldAfterDays * unitMs.day),
  keep: z.array(glob).default([]),
  /** Null pins no recipe; without a value, it is where abra itself would look. */
  abraDir: path.nullish(),
  composeFiles: z.array(path).default([]),
  stateDir: path.default(defaultStateDir),
  containers: optIn,
  buildCache: optIn,
});

export type PruneSettings = Omit<z.infer<typeof schema>, "abraDir"> & { abraDir: string | null };

/**
 * Settings from a file that was named, else from the standard one if it is there, else the defaults. Throws a Failure
 * (bad configuration) for a file that cannot be read or that says what makes no sense.
 */
export function loadPruneSettings(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  standard = pruneSettingsFile,
): PruneSettings {
  const file = named ?? (existsSync(standard) ? standard : null);
  const settings = file === null ? schema.parse({}) : readSettings(file);
  const { abraDir = defaultAbraDir(env) } = settings;
  return { ...settings, abraDir };
}

/** `$ABRA_DIR`, else ~/.abra if it is there: abra's own folder (https://docs.coopcloud.tech/operators/handbook/). */
function defaultAbraDir(env: NodeJS.ProcessEnv): string | null {
  if (env.ABRA_DIR) return env.ABRA_DIR;
  const folder = join(env.HOME || homedir(), ".abra");
  return existsSync(folder) ? folder : null;
}

function readSettings(file: string): z.infer<typeof schema> {
  const broken = (seen: string, cause?: unknown) =>
    new Failure(ExitCode.config, {
      what: "the prune policy's settings are broken",
      seen: `${file}: ${seen}`,
      next: `correct ${file}; docs/prune-policy.md has every setting`,
      cause,
    });
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8")) ?? {};
  } catch (thrown) {
    throw broken(messageOf(thrown), thrown);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw broken(z.prettifyError(parsed.error));
  try {
    requireOrder(parsed.data, null);
  } catch (thrown) {
    throw broken(messageOf(thrown), thrown);
  }
  return parsed.data;
}

/** A text that a function can read; what is expected is told to whoever writes another. */
function textOf<T>(expected: string, read: (text: string) => T | null) {
  return z.string(`expected ${expected}, in quotes if need be`).transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: "custom", message: `expected ${expected}, not ${JSON.stringify(text)}` });
    return z.NEVER;
  });
}
