import { type Answer, chunksOf, json, registryError } from "./answer.ts";
import { authorize } from "./authorize.ts";
import type { Exchange } from "./exchange.ts";
import { type Fault, findFault, inverted } from "./faults.ts";
import type { Limits } from "./limits.ts";
import { kindOf, type MediaIndex } from "./media.ts";
import { previewManifest } from "./preview.ts";
import type { Tokens } from "./tokens.ts";
import type { Upstream } from "./upstream.ts";

/** What the registry endpoint works with. */
export interface RegistryEndpoint {
  tokens: Tokens;
  limits: Limits;
  faults: () => readonly Fault[];
  media: MediaIndex;
  upstream: Upstream;
}

/** The size of manifest that every registry must take (OCI distribution spec 1.1, "Pushing manifests"). */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Answers `/v2/…` as registry-1.docker.io does, for pulls: manifests, blobs, tag lists. */
export async function answerRegistry(endpoint: RegistryEndpoint, exchange: Exchange): Promise<Answer> {
  const answer = await answerAuthorized(endpoint, exchange);
  answer.headers["docker-distribution-api-version"] = "registry/2.0";
  return answer;
}

async function answerAuthorized(endpoint: RegistryEndpoint, exchange: Exchange): Promise<Answer> {
  const { target, request } = exchange;
  const challenge = authorize(endpoint.tokens, exchange);
  if (challenge !== null) return challenge;
  if (request.method !== "GET" && request.method !== "HEAD")
    return registryError(405, "UNSUPPORTED", "The operation is unsupported.", { allow: "GET, HEAD" });
  if (target.endpoint === "ping") return json(200, {});
  if (target.endpoint === "tags") return endpoint.upstream.fetch(exchange);
  if (target.endpoint !== "manifest" && target.endpoint !== "blob")
    return registryError(404, "UNSUPPORTED", "The operation is unsupported.");

  const fault = findFault(endpoint.faults(), {
    on: target.endpoint,
    method: request.method,
    repository: target.repository ?? "",
    reference: target.reference,
  });
  const instead = fault && answerInstead(fault, endpoint.limits, exchange);
  if (instead) return instead;
  const answer =
    target.endpoint === "manifest" ? await manifest(endpoint, exchange) : await blob(endpoint, exchange);
  return fault === undefined ? answer : spoil(answer, fault, exchange);
}

/** The answer of a fault that replaces the real one; undefined for a fault that spoils it. */
function answerInstead(fault: Fault, limits: Limits, { target, entry }: Exchange): Answer | undefined {
  if (fault.kind === "truncate" || fault.kind === "corrupt") return undefined;
  entry.fault = fault.id;
  switch (fault.kind) {
    case "status":
      return registryError(fault.status, "UNKNOWN", "unknown error");
    case "vanished":
      return registryError(404, "MANIFEST_UNKNOWN", "manifest unknown", {}, { Tag: target.reference });
    case "toomanyrequests":
      return tooManyRequests(limits, entry.account);
  }
}

/** Applies a fault that spoils a real answer's body, if there is one to spoil. */
function spoil(answer: Answer, fault: Fault, { entry }: Exchange): Answer {
  if (answer.status >= 300 || answer.body === null) return answer;
  if (fault.kind === "truncate") return { ...answer, cut: { after: fault.bytes, fault: fault.id } };
  entry.fault = fault.id;
  return { ...answer, body: inverted(answer.body) };
}

/**
 * A pull is counted when its manifest was found: what Docker Hub would say to a spent budget and a missing
 * manifest is not documented. HEAD is answered even when the budget is spent: "Using GET emulates a real pull
 * and counts towards the limit. Using HEAD won't" (docs.docker.com/docker-hub/usage/pulls), and a
 * public transcript of August 2023 shows a HEAD answered 200 with `ratelimit-remaining: 0;w=21600`.
 */
async function manifest(endpoint: RegistryEndpoint, exchange: Exchange): Promise<Answer> {
  const { target, request, entry } = exchange;
  const { limits, media } = endpoint;
  const answer = previewManifest(target) ?? (await endpoint.upstream.fetch(exchange));
  entry.digest = answer.headers["docker-content-digest"] ?? entry.digest;
  if (answer.status === 200) {
    if (request.method === "GET") {
      answer.body = await buffer(answer.body);
      media.learn(answer.body);
      if (!limits.take(entry.account)) return tooManyRequests(limits, entry.account);
      entry.counted = true;
    }
    entry.media = kindOf(answer.headers["content-type"]);
  }
  return { ...answer, headers: { ...answer.headers, ...limits.headers(entry.account) } };
}

async function blob(endpoint: RegistryEndpoint, exchange: Exchange): Promise<Answer> {
  const { entry } = exchange;
  const answer = await endpoint.upstream.fetch(exchange);
  if (answer.status < 300 && entry.digest !== null) entry.media = endpoint.media.of(entry.digest);
  return answer;
}

/** Docker Hub's words, from its documentation of the pull limit. */
function tooManyRequests(limits: Limits, account: string | null): Answer {
  const seconds = limits.retryAfterSeconds(account);
  return registryError(
    429,
    "TOOMANYREQUESTS",
    "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
    { ...limits.headers(account), ...(seconds !== null && { "retry-after": String(seconds) }) },
  );
}

/** @throws Error when a manifest is larger than any that a registry need take */
async function buffer(body: Answer["body"]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.length;
    if (size > MAX_MANIFEST_BYTES)
      throw new Error(`the registry sent a manifest of more than ${MAX_MANIFEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
