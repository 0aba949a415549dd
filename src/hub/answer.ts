/** A response that is yet to be sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Null for none. An iterable is read once, as fast as the client and the uplink take it. */
  body: Uint8Array | AsyncIterable<Uint8Array> | null;
  /** A fault that cuts the connection after so many bytes of the body, if it has more; null for none. */
  cut: { after: number; fault: string } | null;
}

/** A body's chunks, whatever its form. */
export function chunksOf(body: Answer["body"]): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (body === null) return [];
  return body instanceof Uint8Array ? [body] : body;
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { "content-type": "application/json", "content-length": String(body.length), ...headers },
    body,
    cut: null,
  };
}

/** An error as registries write it: OCI distribution spec 1.1, "Error codes". */
export function registryError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
  detail?: unknown,
): Answer {
  return json(status, { errors: [{ code, message, detail }] }, headers);
}
