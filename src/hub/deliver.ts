import type { ServerResponse } from "node:http";
import { type Answer, chunksOf } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Throttle } from "./throttle.ts";

/**
 * Sends an answer, its body through the shared line, and counts in the ledger entry every byte that the
 * connection took. Rejects when the client goes away or the body's source fails.
 */
export async function deliver(
  response: ServerResponse,
  answer: Answer,
  throttle: Throttle,
  { request, gone, entry }: Exchange,
): Promise<void> {
  gone.throwIfAborted();
  entry.status = answer.status;
  response.writeHead(answer.status, answer.headers);
  if (answer.body === null || request.method === "HEAD") {
    response.end();
    return;
  }
  response.flushHeaders();
  let room = answer.cut?.after ?? Number.POSITIVE_INFINITY;
  for await (const piece of pieces(answer.body, throttle)) {
    const sent = piece.length > room ? piece.subarray(0, room) : piece;
    await throttle.pass(sent.length, gone);
    await write(response, sent, gone);
    entry.bytes += sent.length;
    room -= sent.length;
    if (sent !== piece) {
      entry.fault = answer.cut?.fault ?? null;
      response.destroy();
      return;
    }
  }
  response.end();
}

/** Cuts a body into pieces of the throttle's size, which may change on the way. */
async function* pieces(body: Answer["body"], throttle: Throttle): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(body)) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + throttle.piece);
      at += piece.length;
      yield piece;
    }
  }
}

/**
 * Resolves when the connection has taken the piece; rejects when it is lost, before or meanwhile. Node does not
 * always call back for a piece that a reset connection still held, so the loss itself is listened for.
 */
function write(response: ServerResponse, piece: Uint8Array, gone: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lost = () => reject(gone.reason);
  gone.addEventListener("abort", lost, { once: true });
  response.write(piece, (error) => (error ? reject(error) : resolve()));
  return promise.finally(() => gone.removeEventListener("abort", lost));
}
