import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Ledger, type LedgerEntry } from "../../../src/hub/ledger.ts";
import { Limits } from "../../../src/hub/limits.ts";
import { tempFolder } from "../../support/temp.ts";
import { ManualClock } from "./manual-clock.ts";

const entry = (n: number) => ({ n, endpoint: "manifest", method: "GET" }) as LedgerEntry;

/** A ledger's file after so many arrivals, of which some were answered, as a kill leaves it. */
function killed(arrivals: number, answered: number[]): string {
  const path = join(tempFolder(), "ledger.jsonl");
  const ledger = new Ledger(path);
  for (let n = 1; n <= arrivals; n++) expect(ledger.arrive()).toBe(n);
  for (const n of answered) ledger.append(entry(n));
  return path;
}

describe("a ledger with a file", () => {
  it("goes on where another process was killed: same entries, next number", () => {
    const next = new Ledger(killed(3, [2, 1, 3]));
    expect(next.since(0).map(({ n }) => n)).toEqual([2, 1, 3]);
    expect(next.lost).toEqual([]);
    expect(next.arrive()).toBe(4);
    next.append(entry(4));
    expect(next.since(3)).toEqual([entry(4)]);
  });

  it("knows which requests were on their way when that was", () => {
    const path = killed(4, [3, 1]);
    const next = new Ledger(path);
    expect(next.lost).toEqual([2, 4]);
    expect(next.arrive()).toBe(5);
    next.append(entry(5));
    expect(new Ledger(path).lost).toEqual([2, 4]);
  });

  it("takes a request whose entry was torn for one that is lost", () => {
    const path = killed(2, [1]);
    appendFileSync(path, JSON.stringify(entry(2)).slice(0, 20));
    const next = new Ledger(path);
    expect([next.length, next.lost]).toEqual([1, [2]]);
    next.append(entry(3));
    expect(readFileSync(path, "utf8").split("\n").at(-2)).toBe(JSON.stringify(entry(3)));
  });

  it("does not pass over a line that is no line of a ledger", () => {
    const path = join(tempFolder(), "ledger.jsonl");
    writeFileSync(path, '{"n":1}\nnonsense\n{"n":2}\n');
    expect(() => new Ledger(path)).toThrow(SyntaxError);
  });
});

describe("pulls that were made before the limits were there", () => {
  const windowSeconds = 60;
  const budgets = { account: { limit: 3, windowSeconds }, anonymous: null };

  it("count against the budget, until they leave the window", async () => {
    const clock = new ManualClock();
    const limits = new Limits(budgets, clock);
    limits.made("alice", 10_000);
    limits.made("alice", 50_000);
    limits.made("alice", (windowSeconds + 1) * 1000);
    expect(limits.headers("alice")["ratelimit-remaining"]).toBe(`1;w=${windowSeconds}`);
    expect(limits.retryAfterSeconds("alice")).toBe(10);
    expect([limits.take("alice"), limits.take("alice")]).toEqual([true, false]);
    expect(limits.take("bob")).toBe(true);
  });
});
