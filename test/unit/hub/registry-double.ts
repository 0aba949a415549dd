import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

interface Stored {
  contentType: string;
  bytes: Buffer;
}

/** How a double misbehaves on a path: answers nothing, or half of the body and then nothing more. */
type Stall = "before headers" | "mid body";

/**
 * Stands in for the registry upstream: content by path, kept in memory, served over HTTP on a unix socket.
 */
export class RegistryDouble {
  /** Every request that arrived, in order. */
  readonly requests: { method: string; url: string; headers: IncomingMessage["headers"] }[] = [];
  readonly #content = new Map<string, Stored>();
  readonly #stalls = new Map<string, { kind: Stall; reached: () => void; closed: () => void }>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async listen(socketPath: string): Promise<RegistryDouble> {
    const double = new RegistryDouble();
    double.#server.listen(socketPath);
    await once(double.#server, "listening");
    return double;
  }

  /** Stores a blob; returns its digest. */
  blob(repository: string, bytes: Buffer): string {
    const digest = digestOf(bytes);
    this.#content.set(`/v2/${repository}/blobs/${digest}`, {
      contentType: "application/octet-stream",
      bytes,
    });
    return digest;
  }

  /** Stores a manifest under a tag and its digest; returns the digest. */
  manifest(repository: string, tag: string, contentType: string, bytes: Buffer): string {
    const digest = digestOf(bytes);
    for (const reference of [tag, digest])
      this.#content.set(`/v2/${repository}/manifests/${reference}`, { contentType, bytes });
    return digest;
  }

  tags(repository: string, answer: unknown): void {
    const bytes = Buffer.from(JSON.stringify(answer));
    this.#content.set(`/v2/${repository}/tags/list`, { contentType: "application/json", bytes });
  }

  /** Makes a path stall. `reached` resolves when a request does, `closed` when its connection is given up. */
  stall(path: string, kind: Stall): { reached: Promise<void>; closed: Promise<void> } {
    const reached = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.#stalls.set(path, { kind, reached: reached.resolve, closed: closed.resolve });
    return { reached: reached.promise, closed: closed.promise };
  }

  /** Drops every connection; closing twice is fine. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const ended = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await ended;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    this.requests.push({ method, url, headers });
    const path = url.split("?")[0] ?? "";
    const stored = this.#content.get(path);
    const stall = this.#stalls.get(path);
    if (stall !== undefined) {
      response.once("close", stall.closed);
      stall.reached();
      if (stall.kind === "before headers") return;
    }
    if (stored === undefined) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "repository name not known" }] }),
      );
      return;
    }
    const { bytes, contentType } = stored;
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
    const body = bytes.subarray(Number(from ?? 0));
    response.writeHead(from === undefined ? 200 : 206, {
      "content-type": contentType,
      "content-length": body.length,
      ...(path.includes("/manifests/") && { "docker-content-digest": digestOf(bytes) }),
      ...(from !== undefined && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    if (stall !== undefined) response.write(body.subarray(0, body.length / 2));
    else response.end(body);
  }
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
