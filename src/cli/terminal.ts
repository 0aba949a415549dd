import { styleText } from "node:util";
import { readHistory } from "../check/history.ts";
import type { Entry } from "../model/evidence.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { Judgement } from "../model/verdict.ts";
import { visible, visibleLines } from "../report/escape.ts";
import { renderSummary } from "../report/summary.ts";
import type { Progress } from "../runner/progress.ts";
import { withoutSecrets } from "../secrets.ts";
import { withoutPasswords } from "../without-passwords.ts";

/** Writes a result to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints how a run ended, as a table that fits the terminal. */
export function printSummary(judgement: Judgement, entries: readonly Entry[]): void {
  const { columns = 100, isTTY = false } = process.stdout;
  const color = isTTY && process.env.NO_COLOR === undefined;
  const { claims: asked } = readHistory(entries).run.data;
  print(renderSummary(judgement, { width: Math.min(columns, 120), color, asked }));
}

/**
 * Progress on standard error: on a terminal one live line that tells what is going on, elsewhere a line with
 * the time for each thing that ended.
 */
export function terminalProgress(): Progress & Disposable {
  const stream = process.stderr;
  const live = stream.isTTY === true;
  const begun = performance.now();
  const running = new Map<string, number>();
  const draw = () => {
    const now = performance.now();
    const tasks = [...running].map(([what, since]) => `${what} ${seconds(now - since)}`);
    stream.write(`\r\x1b[2K${[seconds(now - begun), ...tasks].join(" · ").slice(0, stream.columns - 1)}`);
  };
  const line = (said: string) => {
    const text = visible(safe(said));
    if (live)
      stream.write(`\r\x1b[2K${styleText("gray", seconds(performance.now() - begun), { stream })} ${text}\n`);
    else stream.write(`${new Date().toISOString()} ${text}\n`);
  };
  const timer = live ? setInterval(draw, 200) : undefined;
  return {
    begin(what) {
      const since = performance.now();
      running.set(what, since);
      return (how) => {
        running.delete(what);
        line(`${what}: ${how} (${seconds(performance.now() - since)})`);
      };
    },
    say: line,
    [Symbol.dispose]() {
      clearInterval(timer);
      if (live) stream.write("\r\x1b[2K");
    },
  };
}

/** Whatever was thrown: of an error, and of errors while cleaning up after it, each, in order. */
export function allThrown(thrown: unknown): unknown[] {
  if (!(thrown instanceof SuppressedError)) return [thrown];
  return [...allThrown(thrown.suppressed), ...allThrown(thrown.error)];
}

/** Tells a person what went wrong and what to do; returns nothing, exits nothing. */
export function reportError(thrown: unknown): void {
  const heading = styleText("red", "error:", { stream: process.stderr });
  if (!(thrown instanceof Failure)) {
    const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown);
    process.stderr.write(
      `${heading} pullproof failed: ${shown(detail)}\n  next: report this as a bug, with the text above\n`,
    );
    return;
  }
  process.stderr.write(`${heading} ${shown(thrown.what)}\n`);
  if (thrown.seen !== undefined) process.stderr.write(`  seen: ${shown(thrown.seen)}\n`);
  process.stderr.write(`  next: ${shown(thrown.next)}\n`);
}

/** Text from anywhere, without what must not be told. */
function safe(text: string): string {
  return withoutPasswords(withoutSecrets(text));
}

/** The same, in which a terminal takes nothing for a command. */
function shown(text: string): string {
  return visibleLines(safe(text));
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
