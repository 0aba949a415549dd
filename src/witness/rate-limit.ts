import { Agent, type Dispatcher, request } from "undici";
import * as z from "zod";
import { witnessAgent } from "../check/history.ts";
import type { Body } from "../model/evidence.ts";
import { parseJson } from "../parse-json.ts";
import { formatAge } from "../policy/age.ts";

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
  const token = tokenAnswer.safeParse(parseJson(await answer.body.text())).data?.token;
  if (token === undefined) throw new Error("auth.docker.io answers 200 without a token");
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

function told(headers: Headers) {
  const date = Date.parse(String(headers.date ?? ""));
  return { date: Number.isNaN(date) ? null : date, retryAfterSeconds: retryAfter(headers) };
}

/**
 * After how many seconds a registry may be asked again: by Retry-After, which Docker Hub sends in seconds (it may hold a
 * date as well), or by RateLimit-Reset (draft-ietf-httpapi-ratelimit-headers). Null where neither says.
 */
function retryAfter(headers: Headers): number | null {
  const said = ["retry-after", "ratelimit-reset"].map((name) => String(headers[name] ?? ""));
  const seconds = said.find((text) => /^\d{1,9}$/.test(text));
  return seconds === undefined ? null : Number(seconds);
}

/** What to do after a 429, with the time when it resets as far as the headers tell. */
export function whenBack(headers: Headers): string {
  const seconds = retryAfter(headers);
  if (seconds !== null) return `wait ${formatAge(seconds * 1000)}: then it may be asked again`;
  const window = header.exec(String(headers["ratelimit-limit"] ?? ""))?.[2];
  if (window !== undefined)
    return `wait: its window is ${formatAge(Number(window) * 1000)}, so all is back by then at the latest`;
  return "wait until the pull budget is given back: the answer does not say when, Docker Hub's window is six hours";
}

type Headers = Record<string, string | string[] | undefined>;

function unknown(identity: "account" | "anonymous"): Body<"ratelimit"> {
  return { identity, limit: null, remaining: null, windowSeconds: null, source: null };
}
