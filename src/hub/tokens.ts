import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";

/** What a Bearer token stands for. */
export interface Grant {
  /** Null for an anonymous token. */
  account: string | null;
  /** The repositories that may be pulled from. */
  repositories: ReadonlySet<string>;
}

/**
 * How long an access token is good for. Docker Hub's last five minutes (`exp` minus `iat` of its JWTs); the
 * token spec forbids less than 60 s.
 */
export const TOKEN_LIFETIME_SECONDS = 300;

/** The access and refresh tokens that were handed out: opaque, random, in memory only. */
export class Tokens {
  readonly #clock: Clock;
  readonly #access = new Map<string, Grant & { expires: number }>();
  readonly #refresh = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new access token. */
  issue(grant: Grant): string {
    const token = randomToken();
    this.#access.set(token, { ...grant, expires: this.#clock.now() + TOKEN_LIFETIME_SECONDS * 1000 });
    return token;
  }

  /** What a token grants; undefined when it was never issued or has expired. */
  find(token: string): Grant | undefined {
    const grant = this.#access.get(token);
    if (grant === undefined || grant.expires > this.#clock.now()) return grant;
    this.#access.delete(token);
    return undefined;
  }

  /** A new refresh token, which never expires (distribution token spec, `offline_token`). */
  issueRefresh(account: string): string {
    const token = randomToken();
    this.#refresh.set(token, account);
    return token;
  }

  /** The account of a refresh token; undefined when it was never issued. */
  accountOf(refreshToken: string): string | undefined {
    return this.#refresh.get(refreshToken);
  }
}

function randomToken(): string {
  return randomBytes(32).toString("base64url");
}
