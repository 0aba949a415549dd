import type { Body } from "../model/evidence.ts";

/**
 * Who a request was made as. `handshake` is a manifest or blob request without credentials that got no content:
 * the first half of the Bearer handshake. `refused` carried credentials that were not accepted.
 */
export type Identity = "account" | "handshake" | "anonymous" | "refused" | "another account";

/** Whether a request is part of a pull. A ping carries nothing, and says nothing about who pulls. */
export function isPull({ endpoint }: Body<"request">): boolean {
  return endpoint === "token" || isContent(endpoint);
}

function isContent(endpoint: Body<"request">["endpoint"]): boolean {
  return endpoint === "manifest" || endpoint === "blob";
}

/** Tells who a request was made as, seen from the account that it should have been made as. */
export function identityOf(request: Body<"request">, account: string): Identity {
  if (request.account === account) return "account";
  if (request.account !== null) return "another account";
  if (request.credentials !== "none") return request.status === 401 ? "refused" : "anonymous";
  return isContent(request.endpoint) && gotNothing(request) ? "handshake" : "anonymous";
}

/** Challenged, gone before there was an answer (status 0), or struck by a fault instead of challenged. */
function gotNothing({ status, fault }: Body<"request">): boolean {
  return status === 401 || status === 0 || (fault !== null && status >= 400);
}

/** Whether a request asks for a manifest in earnest, and is not the half of a handshake. */
export function isManifestPull(request: Body<"request">, account: string): boolean {
  return request.endpoint === "manifest" && identityOf(request, account) !== "handshake";
}
