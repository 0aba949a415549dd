import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { type Body, type Entry, entry, type Kind } from "../model/evidence.ts";
import { wholeLines } from "../whole-lines.ts";

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
  readonly #secrets: readonly string[];

  /**
   * `secrets` are replaced wherever they would be written. Throws when the file exists or cannot be made; `reopen` goes
   * on with one that does.
   */
  constructor(path: string, secrets: readonly string[], earlier: readonly Entry[] | null = null) {
    this.#file = openSync(path, earlier === null ? "ax" : "a");
    this.entries = [...(earlier ?? [])];
    // A tool may have printed a secret as a part of JSON. Longest first: a secret may begin like another.
    this.#secrets = secrets
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
      .filter((secret) => secret !== "")
      .sort((a, b) => b.length - a.length);
  }

  /** Goes on with the evidence of a run that was killed. What was left of a torn last line is cut off. */
  static reopen(path: string, secrets: readonly string[]): Journal {
    const earlier = wholeLines(path).map((line) => entry.parse(JSON.parse(line)));
    return new Journal(path, secrets, earlier);
  }

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
      (_, value: unknown) => (typeof value === "string" ? this.#redact(value) : value),
    );
    // Kept as it was written, so that the run judges exactly what a later `check` will read.
    this.entries.push(JSON.parse(line) as Entry);
    writeSync(this.#file, `${line}\n`);
  }

  /** Makes sure that what was written outlives a crash of the machine. */
  sync(): void {
    fsyncSync(this.#file);
  }

  [Symbol.dispose](): void {
    this.sync();
    closeSync(this.#file);
  }

  #redact(value: string): string {
    return this.#secrets.reduce((text, secret) => text.replaceAll(secret, "[redacted]"), value);
  }
}
