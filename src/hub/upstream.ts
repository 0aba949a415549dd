import { Pool } from "undici";
import type { Answer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";

const FORWARDED = ["accept", "range", "if-range", "if-none-match"] as const;
const RETURNED = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "cache-control",
  "docker-content-digest",
  "etag",
  "link",
] as const;

/** The registry that stores the images, reached over HTTP on a unix socket. */
export class Upstream {
  readonly #pool: Pool;

  constructor(socketPath: string) {
    this.#pool = new Pool("http://registry.invalid", { socketPath });
  }

  /**
   * Asks the registry what the client asked. The body streams; it is destroyed when the exchange is gone, and
   * so is its connection. Only the headers that concern content travel either way.
   * @throws the connection's error when the registry cannot be reached
   */
  async fetch({ request, target, gone }: Exchange): Promise<Answer> {
    const method = request.method === "HEAD" ? "HEAD" : "GET";
    const query = target.endpoint === "tags" && target.query.size > 0 ? `?${target.query}` : "";
    const response = await this.#pool.request({
      method,
      path: target.path + query,
      headers: pick(request.headers, FORWARDED),
      signal: gone,
    });
    const headers = pick(response.headers, RETURNED);
    if (method === "GET") return { status: response.statusCode, headers, body: response.body, cut: null };
    await response.body.dump();
    return { status: response.statusCode, headers, body: null, cut: null };
  }

  /** Drops every connection. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function pick(
  headers: Record<string, string | string[] | undefined>,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) picked[name] = String(value);
  }
  return picked;
}
