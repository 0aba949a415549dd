import { type Answer, registryError } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { TOKEN_REALM, TOKEN_SERVICE } from "./names.ts";
import type { Target } from "./target.ts";
import type { Tokens } from "./tokens.ts";

/**
 * The challenge for a request under `/v2/` whose token is missing, unknown, expired or for another
 * repository; null for one that may go on. Notes the account in the entry.
 */
export function authorize(tokens: Tokens, { request, target, entry }: Exchange): Answer | null {
  const authorization = request.headers.authorization;
  const [, bearer] = /^Bearer +(.+)$/i.exec(authorization ?? "") ?? [];
  if (authorization !== undefined) entry.credentials = bearer === undefined ? "basic" : "bearer";
  const grant = bearer === undefined ? undefined : tokens.find(bearer);
  entry.account = grant?.account ?? null;
  const covered = target.repository === null || grant?.repositories.has(target.repository);
  if (grant !== undefined && covered) return null;
  return unauthorized(
    target,
    bearer === undefined ? null : grant === undefined ? "invalid_token" : "insufficient_scope",
  );
}

/** Docker Hub's challenge; the error codes are RFC 6750's, given to a client that came with a token. */
function unauthorized({ repository }: Target, error: string | null): Answer {
  const parts = [`realm="${TOKEN_REALM}"`, `service="${TOKEN_SERVICE}"`];
  if (repository !== null) parts.push(`scope="repository:${repository}:pull"`);
  if (error !== null) parts.push(`error="${error}"`);
  return registryError(
    401,
    "UNAUTHORIZED",
    "authentication required",
    { "www-authenticate": `Bearer ${parts.join(",")}` },
    repository === null ? null : [{ Type: "repository", Class: "", Name: repository, Action: "pull" }],
  );
}
