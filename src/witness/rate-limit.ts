import { Agent, type Dispatcher, request } from "undici";
import * as z from "zod";
import { witnessAgent } from "../check/history.ts";
import type { Body } from "../model/evidence.ts";

/** Where Docker Hub is reached, and as whom the account's headers are read. */
export interface RateLimitOptions {
  /** Leads to the lab's hub; the default leads to Docker Hub itself. */
  dispatcher: Dispatcher;
  /** Null where nobody is logged in: the account's counters are unknown then. */
  account: { name: string; pat: string } | null;
}

/** A dispatcher that reaches Docker Hub's names through a hub's unix socket. */
export function hubDispatcher(socketPath: string, ca: string): Agent {
  return new Agent({ connect: { socketPath, ca } });
}

const tokenAnswer = z.object({ token: z.string() });

/** `200;w=21600` */
const header = /^(\d+)(?:;w=(\d+))?$/;

/** What Docker Hub answered when it was asked for the rate limits of one identity. */
export interface HubAnswer {
  /** Status of the token endpoint: 401 for an account says that its name or token is not accepted. */
  tokenStatus: number;
  /** Status of the registry; null where there was no token to ask it with. */
  manifestStatus: number | null;
  /** Its own clock, by the HTTP header Date, in milliseconds since the epoch; null where it tells none. */
  date: number | null;
  /** After how many seconds it may be asked again, where it says so (RFC 9110, Retry-After). */
  retryAfterSeconds: number | null;
  limits: Body<"ratelimit">;
}

/**
 * Reads the rate-limit headers of the account or of the anonymous address, the way Docker documents it
 * (https://docs.docker.com/docker-hub/usage/pulls/): a HEAD, which does not count as a pull. A missing header
 * is unknown, never "fine".
 */
export async function rateLimit(
  options: RateLimitOptions,
  identity: "account" | "anonymous",
): Promise<Body<"ratelimit">> {
  if (identity === "account" && options.account === null) return unknown(identity);
  return (await askHub(options, identity)).limits;
}

/** The same, with what else the answers tell: whether the account is accepted, and Docker Hub's clock. */
export async function askHub(
  { dispatcher, account }: RateLimitOptions,
  identity: "account" | "anonymous",
): Promise<HubAnswer> {
  const headers: Record<string, string> = { "user-agent": witnessAgent };
  const basic = Buffer.from(`${account?.name}:${account?.pat}`).toString("base64");
  const answer = await request(
    "https://auth.docker.io/token?service=registry.docker.io&scope=repository:ratelimitpreview/test:pull",
    {
      dispatcher,
      headers: identity === "account" ? { ...headers, authorization: `Basic ${basic}` } : headers,
    },
  );
  const { statusCode: tokenStatus } = answer;
  // A token may be refused; then the headers cannot be read, and so are unknown.
  if (tokenStatus !== 200) {
    await answer.body.dump();
    return { tokenStatus, manifestStatus: null, ...told(answer.headers), limits: unknown(identity) };
  }
  const { token } = tokenAnswer.parse(await answer.body.json());
  const manifest = await request("https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest", {
    dispatcher,
    method: "HEAD",
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  await manifest.body.dump();
  const limit = header.exec(String(manifest.headers["ratelimit-limit"] ?? ""));
  const remaining = header.exec(String(manifest.headers["ratelimit-remaining"] ?? ""));
  const source = manifest.headers["docker-ratelimit-source"];
  const limits: Body<"ratelimit"> = {
    identity,
    limit: limit === null ? null : Number(limit[1]),
    remaining: remaining === null ? null : Number(remaining[1]),
    windowSeconds: limit?.[2] === undefined ? null : Number(limit[2]),
    source: typeof source === "string" ? source : null,
  };
  return { tokenStatus, manifestStatus: manifest.statusCode, ...told(manifest.headers), limits };
}

function told(headers: Record<string, string | string[] | undefined>) {
  const date = Date.parse(String(headers.date ?? ""));
  const retryAfter = String(headers["retry-after"] ?? "");
  return {
    date: Number.isNaN(date) ? null : date,
    // The header may hold a date as well; Docker Hub sends seconds.
    retryAfterSeconds: /^\d+$/.test(retryAfter) ? Number(retryAfter) : null,
  };
}

function unknown(identity: "account" | "anonymous"): Body<"ratelimit"> {
  return { identity, limit: null, remaining: null, windowSeconds: null, source: null };
}
