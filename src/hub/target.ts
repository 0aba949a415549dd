import { type HubName, hubName } from "./names.ts";

/** What a request line asks for. `other` is whatever the front does not serve. */
export interface Target {
  /** The Hub name that was addressed; null for any other host. */
  host: HubName | null;
  endpoint: "token" | "ping" | "manifest" | "blob" | "tags" | "other";
  /** Whether the path lies under `/v2/`, where every answer but a valid token's is a challenge. */
  registry: boolean;
  repository: string | null;
  reference: string | null;
  path: string;
  query: URLSearchParams;
}

// The grammar of the OCI distribution spec 1.1, "Pulling manifests". Being strict here also keeps dot segments
// and escapes from reaching the upstream registry.
const NAME = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*";
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const UNDER_A_REPOSITORY = new RegExp(`^/v2/(${NAME})/(manifests|blobs|tags|referrers)/(.*)$`);

/** Whether a reference is a digest (`sha256:…`) and not a tag. */
export function isDigest(reference: string): boolean {
  return DIGEST.test(reference);
}

/** Reads a Host header and a request target (`/v2/library/alpine/manifests/3?x=y`). Never throws. */
export function parseTarget(host: string | undefined, url: string): Target {
  const [path = "", ...rest] = url.split("?");
  const target: Target = {
    host: hubName(host),
    endpoint: "other",
    registry: path === "/v2" || path.startsWith("/v2/"),
    repository: null,
    reference: null,
    path,
    query: new URLSearchParams(rest.join("?")),
  };
  if (path === "/token") return { ...target, endpoint: "token" };
  if (path === "/v2" || path === "/v2/") return { ...target, endpoint: "ping" };
  const [, repository, collection, item] = UNDER_A_REPOSITORY.exec(path) ?? [];
  if (repository === undefined || item === undefined) return target;
  if (collection === "manifests" && (TAG.test(item) || isDigest(item)))
    return { ...target, endpoint: "manifest", repository, reference: item };
  if (collection === "blobs" && isDigest(item))
    return { ...target, endpoint: "blob", repository, reference: item };
  if (collection === "tags" && item === "list") return { ...target, endpoint: "tags", repository };
  return { ...target, repository };
}
