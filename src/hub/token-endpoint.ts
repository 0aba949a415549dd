import type { IncomingMessage } from "node:http";
import { type Answer, json } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { type Fault, findFault } from "./faults.ts";
import type { LedgerEntry } from "./ledger.ts";
import { TOKEN_LIFETIME_SECONDS, type Tokens } from "./tokens.ts";

/** An account of the hub and its personal access token, which serves as its password. */
export interface Account {
  name: string;
  pat: string;
}

/** What the token endpoint works with. */
export interface TokenEndpoint {
  accounts: readonly Account[];
  anonymous: "allowed" | "refused";
  tokens: Tokens;
  faults: () => readonly Fault[];
}

/** Who a token request says it is, and what it wants. */
interface Asked {
  credentials: LedgerEntry["credentials"];
  /** The account, once its credentials were checked; undefined when they are wrong. */
  account: string | null | undefined;
  scopes: string[];
  offline: boolean;
}

/** Ample for a form of names and tokens; Docker Hub's own tokens take some 2 KiB. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * Answers `/token` after the distribution project's token and OAuth2 specs (distribution.github.io, "Registry
 * token authentication"): GET with HTTP Basic or nothing, as the classic engine asks; POST of a form with a
 * password or a refresh token, as the containerd image store asks. A refresh token is handed out for
 * `access_type=offline` only: for GET's `offline_token` Docker Hub gives none either, so that `docker login`
 * stores the credentials themselves.
 */
export async function answerToken(endpoint: TokenEndpoint, exchange: Exchange): Promise<Answer> {
  const { request, entry, target } = exchange;
  if (request.method !== "GET" && request.method !== "POST")
    return json(405, { details: "method not allowed" }, { allow: "GET, POST" });
  const form = request.method === "POST" ? await readForm(request) : undefined;
  if (form === null) return json(413, { details: "form too large" });
  if (form !== undefined) entry.credentials = "oauth";
  const asked =
    form === undefined ? askedByGet(endpoint, request, target.query) : askedByForm(endpoint, form);
  // RFC 6749, section 5.2.
  if (asked === null) return json(400, { error: "unsupported_grant_type" });
  entry.credentials = asked.credentials;
  const repositories = pullable(asked.scopes);
  entry.repository = repositories[0] ?? null;

  const fault = tokenFault(endpoint.faults(), request.method, repositories);
  if (fault?.kind === "status") {
    entry.fault = fault.id;
    return json(fault.status, { details: "unknown error" });
  }
  if (asked.account === undefined) return json(401, { details: "incorrect username or password" });
  if (asked.account === null && endpoint.anonymous === "refused")
    return json(401, { details: "authentication required" });

  entry.account = asked.account;
  entry.media = "token";
  return issue(endpoint.tokens, asked.account, repositories, asked.offline);
}

function issue(tokens: Tokens, account: string | null, repositories: string[], offline: boolean): Answer {
  const token = tokens.issue({ account, repositories: new Set(repositories) });
  return json(200, {
    token,
    access_token: token,
    scope: repositories.map((name) => `repository:${name}:pull`).join(" "),
    expires_in: TOKEN_LIFETIME_SECONDS,
    issued_at: new Date().toISOString(),
    ...(offline && account !== null && { refresh_token: tokens.issueRefresh(account) }),
  });
}

function askedByGet(endpoint: TokenEndpoint, request: IncomingMessage, query: URLSearchParams): Asked {
  const scopes = query.getAll("scope");
  const authorization = request.headers.authorization;
  if (authorization === undefined) return { credentials: "none", account: null, scopes, offline: false };
  const [, encoded = ""] = /^Basic +(.+)$/i.exec(authorization) ?? [];
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const account = check(endpoint.accounts, decoded.slice(0, Math.max(0, colon)), decoded.slice(colon + 1));
  return { credentials: "basic", account, scopes, offline: false };
}

/** Null for a grant type that is not served. */
function askedByForm({ accounts, tokens }: TokenEndpoint, form: URLSearchParams): Asked | null {
  const asked = { credentials: "oauth", scopes: form.getAll("scope") } as const;
  switch (form.get("grant_type")) {
    case "password":
      return {
        ...asked,
        account: check(accounts, form.get("username") ?? "", form.get("password") ?? ""),
        offline: form.get("access_type") === "offline",
      };
    case "refresh_token":
      return { ...asked, account: tokens.accountOf(form.get("refresh_token") ?? ""), offline: false };
    default:
      return null;
  }
}

function check(accounts: readonly Account[], name: string, pat: string): string | undefined {
  return accounts.find((account) => account.name === name && account.pat === pat)?.name;
}

/**
 * The repositories among the scopes (`repository:library/alpine:pull,push`), pull being all that is granted.
 */
function pullable(scopes: readonly string[]): string[] {
  return scopes
    .flatMap((list) => list.split(" "))
    .flatMap((scope) => {
      const [, name, actions = ""] = /^repository:(.+):([^:]*)$/.exec(scope) ?? [];
      return name !== undefined && actions.split(",").includes("pull") ? [name] : [];
    });
}

function tokenFault(faults: readonly Fault[], method: string, repositories: string[]): Fault | undefined {
  return repositories
    .map((repository) => findFault(faults, { on: "token", method, repository, reference: null }))
    .find((fault) => fault !== undefined);
}

/** Null when the form is too large; it is read to its end all the same, so that the connection can answer. */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_FORM_BYTES) chunks.push(chunk);
  }
  return size <= MAX_FORM_BYTES ? new URLSearchParams(Buffer.concat(chunks).toString("utf8")) : null;
}
