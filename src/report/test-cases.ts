import { claims } from "../model/claim.ts";
import type { Entry } from "../model/evidence.ts";
import type { Judgement, VerdictWord } from "../model/verdict.ts";

/** One judgement as a test, for tools that know tests and no claims. */
export interface TestCase {
  suite: "claims" | "controls" | "nightly";
  name: string;
  verdict: VerdictWord;
  /** What was found; for a pass as well. */
  found: string;
  /** What to do about it; null where there is nothing to do. */
  remedy: string | null;
}

/** A run as tests. */
export interface TestRun {
  name: string;
  /** Milliseconds since 1970. */
  start: number;
  stop: number;
  cases: TestCase[];
}

/** The claims that were asked for, and the controls, of which one that is not caught is an error of the instrument. */
export function testRunOf(entries: readonly Entry[], judgement: Judgement): TestRun {
  const [first] = entries;
  if (first?.kind !== "run") throw new Error("the evidence does not begin with the run's header");
  const asked = judgement.claims.filter(({ id }) => first.data.claims.includes(id));
  return {
    name: first.data.id,
    start: Date.parse(first.wall),
    stop: Date.parse(entries.at(-1)?.wall ?? first.wall),
    cases: [
      ...asked.map(
        ({ id, verdict, found, remedy }): TestCase => ({
          suite: "claims",
          name: `${id}: ${claims[id]}`,
          verdict,
          found,
          remedy,
        }),
      ),
      ...judgement.controls.map(
        ({ id, caught, claims: broken }): TestCase => ({
          suite: "controls",
          name: id,
          verdict: caught ? "pass" : "error",
          found: caught ? `broke ${broken.join(", ")}, as it must` : `did not break ${broken.join(", ")}`,
          remedy: caught ? null : "trust none of the verdicts of this run",
        }),
      ),
    ],
  };
}
