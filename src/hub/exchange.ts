import type { IncomingMessage } from "node:http";
import type { LedgerEntry } from "./ledger.ts";
import type { Target } from "./target.ts";

/** One request on its way through the front. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly target: Target;
  /** Aborts when the connection is gone, or the response is out. */
  readonly gone: AbortSignal;
  /** The entry-to-be: whoever learns something about the request writes it down here. */
  readonly entry: LedgerEntry;
}
