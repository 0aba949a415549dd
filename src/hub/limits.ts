import { randomUUID } from "node:crypto";
import type { Clock } from "./clock.ts";

/** So many pulls within any window of so many seconds. */
export interface Budget {
  limit: number;
  windowSeconds: number;
}

/**
 * The pull budgets; null for unlimited. `account` is per account, `anonymous` is shared by all anonymous
 * requests.
 */
export interface Budgets {
  account: Budget | null;
  anonymous: Budget | null;
}

/**
 * What anonymous pulls are counted by: on Docker Hub the client's IPv4 address. Behind a unix socket there is
 * none, so this is the address of Docker's own example (RFC 5737 sets it aside for documentation).
 */
const ANONYMOUS_SOURCE = "192.0.2.1";

/**
 * Docker Hub's pull rate limit, after its documentation (docs.docker.com/docker-hub/usage/pulls): reported
 * in headers on GET and HEAD of a manifest, spent by GET only, counted "on a 6-hour basis", which is a rolling
 * window here.
 */
export class Limits {
  readonly #clock: Clock;
  /** The times of the pulls, oldest first, by account; null is anonymous. */
  readonly #pulls = new Map<string | null, number[]>();
  readonly #sources = new Map<string | null, string>([[null, ANONYMOUS_SOURCE]]);
  #budgets: Budgets;

  constructor(budgets: Budgets, clock: Clock) {
    this.#budgets = budgets;
    this.#clock = clock;
  }

  /** New budgets. Pulls already made still count against them. */
  set(budgets: Budgets): void {
    this.#budgets = budgets;
  }

  /** Counts one pull; false, and counts nothing, when the budget is spent. */
  take(account: string | null): boolean {
    const budget = this.#budget(account);
    const pulls = this.#recent(account, budget);
    if (budget !== null && pulls.length >= budget.limit) return false;
    pulls.push(this.#clock.now());
    return true;
  }

  /** Counts a pull that was made so many milliseconds ago, before these limits were there. */
  made(account: string | null, millisecondsAgo: number): void {
    const pulls = [...(this.#pulls.get(account) ?? []), this.#clock.now() - millisecondsAgo];
    this.#pulls.set(
      account,
      pulls.sort((a, b) => a - b),
    );
  }

  /** The headers of a manifest response. Without a limit only the source is named, as Docker Hub does. */
  headers(account: string | null): Record<string, string> {
    const source = { "docker-ratelimit-source": this.#source(account) };
    const budget = this.#budget(account);
    if (budget === null) return source;
    const window = `w=${budget.windowSeconds}`;
    const remaining = Math.max(0, budget.limit - this.#recent(account, budget).length);
    return {
      "ratelimit-limit": `${budget.limit};${window}`,
      "ratelimit-remaining": `${remaining};${window}`,
      ...source,
    };
  }

  /** Whole seconds until the oldest pull leaves the window, at least 1; null without a limit. */
  retryAfterSeconds(account: string | null): number | null {
    const budget = this.#budget(account);
    if (budget === null) return null;
    const now = this.#clock.now();
    const oldest = this.#recent(account, budget)[0] ?? now;
    return Math.max(1, Math.ceil((oldest - now) / 1000 + budget.windowSeconds));
  }

  #budget(account: string | null): Budget | null {
    return account === null ? this.#budgets.anonymous : this.#budgets.account;
  }

  #recent(account: string | null, budget: Budget | null): number[] {
    const since =
      budget === null ? Number.NEGATIVE_INFINITY : this.#clock.now() - budget.windowSeconds * 1000;
    const recent = (this.#pulls.get(account) ?? []).filter((time) => time > since);
    this.#pulls.set(account, recent);
    return recent;
  }

  /** Docker Hub names an authenticated client by its account's UUID. */
  #source(account: string | null): string {
    const source = this.#sources.get(account) ?? randomUUID();
    this.#sources.set(account, source);
    return source;
  }
}
