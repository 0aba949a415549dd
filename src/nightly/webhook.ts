import { request } from "undici";
import type { ExitCode } from "../model/failure.ts";
import type { VerdictWord } from "../model/verdict.ts";
import type { Compared } from "./compare.ts";

/** The environment variable with the URL. It may carry a token, so it is never shown. */
export const webhookVariable = "PULLPROOF_WEBHOOK";

/** What a webhook is told. */
export interface NightMessage {
  /** Null where no run came to its end: `error` says why. */
  run: string | null;
  overall: VerdictWord | null;
  regressions: readonly Compared[];
  exitCode: ExitCode;
  error: string | null;
}

/** A receiver that is slower than this, in milliseconds, holds up nobody. */
const patienceMs = 10_000;

/**
 * POSTs a message as JSON. Returns why it was not delivered, in words that show no more of the URL than its origin;
 * null when it was. Throws nothing: whether somebody listens says nothing about the night.
 */
export async function deliver(
  url: string,
  message: NightMessage,
  timeoutMs = patienceMs,
): Promise<string | null> {
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol))
    return `${webhookVariable} is no http or https URL`;
  try {
    const { statusCode, body } = await request(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(timeoutMs),
      // One message a night: nothing is left open for a next one.
      reset: true,
    });
    await body.dump();
    return statusCode < 300 ? null : `${target.origin} answered ${statusCode}`;
  } catch (thrown) {
    return `${target.origin}: ${kindOf(thrown)}`;
  }
}

/** `ECONNREFUSED`, `TimeoutError`: an error's own message may hold what it was called with. */
function kindOf(thrown: unknown): string {
  const { code, name } = thrown as { code?: unknown; name?: string };
  return typeof code === "string" ? code : (name ?? "it failed");
}
