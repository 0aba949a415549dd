import { type Answer, chunksOf } from "./answer.ts";
import { isDigest } from "./target.ts";

/** Where a fault strikes. */
export type FaultPlace = "token" | "manifest" | "blob";

/** What goes wrong. */
export type FaultEffect =
  /** Another status than the real one, on any method. */
  | { kind: "status"; on: FaultPlace; status: number }
  /** The connection is cut after so many bytes of a GET's body, if it has more. */
  | { kind: "truncate"; on: "manifest" | "blob"; bytes: number }
  /**
   * Every byte of a GET's body is inverted: wrong content of the right length, from any offset of a resumed
   * one.
   */
  | { kind: "corrupt"; on: "manifest" | "blob" }
  /** A tag is gone; its manifest still resolves by digest. */
  | { kind: "vanished" }
  /** A manifest GET is refused as if the pull budget were spent. */
  | { kind: "toomanyrequests" };

/** A fault on demand. */
export type Fault = FaultEffect & {
  /** Its name in the ledger. */
  id: string;
  /** As in the ledger: `library/alpine`; left out for all repositories. */
  repository?: string;
  /** The tag or digest, exactly as a request names it; left out for all of the repository. */
  reference?: string;
};

/** The hub is down: every connection is cut at its next request, whatever that asks for, and without an answer. */
export interface Down {
  /** Its name in the ledger. */
  id: string;
  kind: "down";
}

/** What a request asks for, as far as faults care. */
export interface FaultPoint {
  on: FaultPlace;
  method: string;
  repository: string;
  /** Null on the token endpoint. */
  reference: string | null;
}

/** The first fault that strikes a request. */
export function findFault(faults: readonly Fault[], point: FaultPoint): Fault | undefined {
  return faults.find((fault) => strikes(fault, point));
}

function strikes(fault: Fault, point: FaultPoint): boolean {
  if (fault.repository !== undefined && fault.repository !== point.repository) return false;
  if (fault.reference !== undefined && fault.reference !== point.reference) return false;
  const get = point.method === "GET";
  switch (fault.kind) {
    case "status":
      return fault.on === point.on;
    case "truncate":
    case "corrupt":
      return fault.on === point.on && get;
    case "vanished":
      return point.on === "manifest" && point.reference !== null && !isDigest(point.reference);
    case "toomanyrequests":
      return point.on === "manifest" && get;
  }
}

/** The body with every bit inverted. */
export async function* inverted(body: Answer["body"]): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(body)) yield chunk.map((byte) => byte ^ 0xff);
}
