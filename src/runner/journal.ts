import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { type Body, type Entry, entry, type Kind } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { keepSecret, withoutSecrets } from "../secrets.ts";
import { wholeLines } from "../whole-lines.ts";
import { withoutPasswords } from "../without-passwords.ts";

/** Where an entry belongs. */
export interface Place {
  host: string | null;
  scenario: string | null;
  step: string | null;
  /** Boot id of the host under test, as far as it is known. */
  boot: string | null;
}

/** The place of what belongs to no host. */
export const nowhere: Place = { host: null, scenario: null, step: null, boot: null };

/** Writes a run's evidence: append-only, one line an entry, redacted before it is written. */
export class Journal implements Disposable {
  readonly entries: Entry[];
  readonly #file: number;
  readonly #path: string;
  #broken: Failure | null = null;

  /**
   * `secrets`, and all others that this process knows, are replaced wherever they would be written. Throws when the file
   * exists or cannot be made; `reopen` goes on with one that does.
   */
  constructor(path: string, secrets: readonly string[], earlier: readonly Entry[] | null = null) {
    this.#path = path;
    this.#file = attempt(path, () => openSync(path, earlier === null ? "ax" : "a"));
    this.entries = [...(earlier ?? [])];
    for (const secret of secrets) keepSecret(secret);
  }

  /** Goes on with the evidence of a run that was killed. What was left of a torn last line is cut off. */
  static reopen(path: string, secrets: readonly string[]): Journal {
    const earlier = wholeLines(path).map((line) => entry.parse(JSON.parse(line)));
    return new Journal(path, secrets, earlier);
  }

  /**
   * Writes one line. Throws a Failure (environment missing) when it cannot be written whole, and for every line after
   * that: evidence has no holes. What is left of a line at the end of the file, a reader leaves out.
   */
  append<K extends Kind>(kind: K, source: string, place: Place, data: Body<K>): void {
    const { host, scenario, step, boot } = place;
    const line = JSON.stringify(
      {
        seq: this.entries.length + 1,
        wall: new Date().toISOString(),
        mono: Math.round(performance.now() * 1000) / 1000,
        boot,
        host,
        scenario,
        step,
        source,
        kind,
        data,
      },
      (_, value: unknown) => (typeof value === "string" ? redact(value) : value),
    );
    this.#write(`${line}\n`);
    // Kept as it was written, so that the run judges exactly what a later `check` will read.
    this.entries.push(JSON.parse(line) as Entry);
  }

  /** Makes sure that what was written outlives a crash of the machine. Throws a Failure when it does not. */
  sync(): void {
    attempt(this.#path, () => fsyncSync(this.#file));
  }

  [Symbol.dispose](): void {
    try {
      // What could not be written was told when it happened.
      if (this.#broken === null) this.sync();
    } finally {
      closeSync(this.#file);
    }
  }

  #write(line: string): void {
    if (this.#broken !== null) throw this.#broken;
    const bytes = Buffer.from(line);
    try {
      // A disk that is nearly full takes a part of it, without an error.
      attempt(this.#path, () => {
        for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
      });
    } catch (thrown) {
      this.#broken = thrown as Failure;
      throw thrown;
    }
  }
}

function redact(value: string): string {
  return withoutPasswords(withoutSecrets(value));
}

/** Does something with the file of the evidence. Throws a Failure that says what to do where that fails. */
function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw new Failure(ExitCode.unavailable, {
      what: "the evidence cannot be written",
      seen: `${path}: ${messageOf(thrown)}`,
      next: "free space on that disk, or name a folder on another one with --run-dir, and run the same command again",
      cause: thrown,
    });
  }
}
