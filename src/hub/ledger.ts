import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { wholeLines } from "../whole-lines.ts";

/**
 * What a successful response carried, or to a HEAD described, told from the manifests that passed through the
 * hub, never from sizes. `unknown`: a blob that no manifest named; `none`: an error, a ping, a tag list.
 */
export type Media = "index" | "manifest" | "config" | "layer" | "token" | "none" | "unknown";

/** One request that reached the hub. Nothing secret is in it: no header, no token, no password. */
export interface LedgerEntry {
  /** 1, 2, 3 … in the order in which the requests arrived. */
  n: number;
  /** Wall time of arrival, ISO 8601. */
  wall: string;
  /** Arrival and end of the response, in milliseconds of the controller's monotonic clock (performance.now). */
  start: number;
  end: number;
  /**
   * The account that the request was made as; null for an anonymous one, and where the credentials were
   * wrong.
   */
  account: string | null;
  /**
   * `none`: the request carried no credentials at all. On a manifest or blob that is the first half of the
   * Bearer handshake (answered 401), on the token endpoint it is an anonymous token.
   */
  credentials: "none" | "bearer" | "basic" | "oauth";
  endpoint: "token" | "ping" | "manifest" | "blob" | "other";
  method: string;
  /** `library/alpine`; null where the endpoint has none. */
  repository: string | null;
  /** The tag or digest that was asked for. */
  reference: string | null;
  /** The digest of the content that was asked for or answered with, where it is known. */
  digest: string | null;
  /** 0 when the client went away before there was an answer. */
  status: number;
  /** Bytes of the body that were handed to the connection. */
  bytes: number;
  media: Media;
  /** False when the client or a fault ended the response early. */
  complete: boolean;
  /** Whether Docker Hub would count it as a pull: a manifest GET that succeeded. */
  counted: boolean;
  /** The fault that shaped this answer, if any. */
  fault: string | null;
  userAgent: string;
}

/** One line of a ledger's file: a request arrived, or it ended. */
type Line = Pick<LedgerEntry, "n"> | LedgerEntry;

/**
 * The append-only list of every request that the hub answered. With a file it outlives the process that keeps it: the
 * next one goes on where that was killed, and knows which requests were on their way then.
 */
export class Ledger {
  readonly #entries: LedgerEntry[];
  readonly #file: number | null;
  #arrived: number;
  /** Numbers of the requests that an earlier process had not answered in full when it was killed. */
  readonly lost: readonly number[];

  /** Kept in memory alone unless there is a path; what a file of that name holds already comes first. */
  constructor(path?: string) {
    const lines = path === undefined || !existsSync(path) ? [] : wholeLines(path);
    const earlier = lines.map((line) => JSON.parse(line) as Line);
    this.#entries = earlier.filter((line) => "endpoint" in line);
    const ended = new Set(this.#entries.map(({ n }) => n));
    this.lost = earlier.map(({ n }) => n).filter((n) => !ended.has(n));
    this.#arrived = earlier.reduce((most, { n }) => Math.max(most, n), 0);
    this.#file = path === undefined ? null : openSync(path, "a", 0o600);
  }

  /** The number of a request that arrives now. */
  arrive(): number {
    this.#arrived += 1;
    this.#write({ n: this.#arrived });
    return this.#arrived;
  }

  append(entry: LedgerEntry): void {
    this.#write(entry);
    this.#entries.push(entry);
  }

  /** Entries that were finished since the last `after` of them; pass the length that was seen last. */
  since(after: number): readonly LedgerEntry[] {
    return this.#entries.slice(after);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Nothing arrives any more. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #write(line: Line): void {
    if (this.#file !== null) writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
